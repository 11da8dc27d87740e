// What a page does by itself: tell the page around it how the pay sheet ended,
// go back to the shop once paid, and look whether the phone has paid.
(() => {
  const { status, poll, go, top: leave, result } = document.body.dataset
  if (result && window.parent !== window) window.parent.postMessage({ wantukit_sandbox: result }, "*")
  if (go) window.location.replace(go)
  if (leave) {
    // A browser may refuse this to a frame that nobody has touched; the link stays.
    try { window.top.location.href = leave } catch { /* the link stays */ }
  }
  if (!poll) return
  const look = async () => {
    try {
      const answer = await fetch(poll, { cache: "no-store" })
      if (answer.status === 404 || (answer.ok && (await answer.json()).status !== status)) return window.location.reload()
    } catch { /* the next look may succeed */ }
    setTimeout(look, 1500)
  }
  setTimeout(look, 1500)
})()
