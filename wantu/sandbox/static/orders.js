// This script keeps the sandbox's first page up to date. It asks for the page again and
// again, also while the user types a search, and copies what is new. It stops while the
// page is hidden. Without it, forms and links do the same.
(() => {
  const parts = ["count", "notices", "list", "folds"]
  const search = document.querySelector("[name=q][type=search]")
  let self = document.body.dataset.self, tag = "", timer = 0, latest = 0

  // copy makes the node like the fresh one. It keeps the elements that exist, so that the
  // focus stays, and leaves alone what the user opened or fills in.
  const copy = (node, fresh) => {
    if (node.nodeType !== Node.ELEMENT_NODE) { node.data = fresh.data; return }
    if (node.isEqualNode(fresh) || "still" in node.dataset) return
    for (const { name } of [...node.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) node.removeAttribute(name)
    for (const { name, value } of fresh.attributes) if (name !== "open") node.setAttribute(name, value)
    let at = node.firstChild
    for (const next of [...fresh.childNodes]) {
      const known = next.id && [...node.children].find((child) => child.id === next.id)
      const twin = known || (!next.id && at && !at.id && at.nodeName === next.nodeName && at)
      if (twin && twin !== at) node.insertBefore(twin, at)
      if (twin) { at = twin.nextSibling; copy(twin, next) } else node.insertBefore(next, at)
    }
    while (at) { const after = at.nextSibling; at.remove(); at = after }
  }

  const check = async () => {
    clearTimeout(timer)
    if (document.hidden) return
    const asked = ++latest
    try {
      const answer = await fetch(self, { cache: "no-store", headers: { "If-None-Match": tag } })
      if (asked !== latest) return
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html")
        if (asked !== latest) return
        tag = answer.headers.get("ETag")
        for (const id of parts) copy(document.getElementById(id), page.getElementById(id))
      }
      document.body.dataset.live = answer.ok || answer.status === 304 ? "on" : "off"
    } catch { if (asked === latest) document.body.dataset.live = "off" }
    if (asked === latest) timer = setTimeout(check, 1000)
  }

  search.addEventListener("input", () => {
    const text = search.value.trim()
    self = text ? "/?" + new URLSearchParams({ q: text }) : "/"
    for (const filter of document.querySelectorAll("[data-still] [name=q]")) filter.value = text
    if (!document.getElementById("problem")) history.replaceState(null, "", self)
    clearTimeout(timer)
    latest++
    timer = setTimeout(check, 200)
  })
  document.addEventListener("visibilitychange", check)
  check()
})()
