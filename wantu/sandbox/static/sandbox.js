// This script does three things on an order's page. It sends the result of WeChat's
// payment dialog to the page around it. It goes back to the shop once the order is paid.
// And it polls whether the order was paid on the phone.
(() => {
  const { status, poll, go, top: leave, result } = document.body.dataset
  if (window.parent !== window) document.body.classList.add("over")
  if (result && window.parent !== window) window.parent.postMessage({ wantukit_sandbox: result }, "*")
  if (go) window.location.replace(go)
  if (leave) {
    // A browser may forbid this if the user has not clicked in the frame. Then the user can click the link.
    try { window.top.location.href = leave } catch { /* see above */ }
  }
  if (!poll) return
  // A button that was pressed loads the next page, which a reload would replace.
  let pressed = false
  document.addEventListener("submit", () => { pressed = true })
  const check = async () => {
    try {
      const answer = await fetch(poll, { cache: "no-store" })
      if (pressed) return
      if (answer.status === 404 || (answer.ok && (await answer.json()).status !== status)) return window.location.reload()
    } catch { /* the next poll may succeed */ }
    setTimeout(check, 1500)
  }
  setTimeout(check, 1500)
})()
