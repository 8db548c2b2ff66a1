// Puts what has ended before the tab's title, until the tab is looked at for a while; tells of it where that is allowed.

const GLANCE_MS = 8000

function watching() {
  const told = new Set(JSON.parse(sessionStorage.getItem("graft-told") ?? "[]"))
  let words = "", timer
  const strip = () => {
    if (words && document.title.startsWith(words)) document.title = document.title.slice(words.length + 3)
  }
  const show = () => {
    if (words && !document.title.startsWith(words)) document.title = `${words} · ${document.title}`
  }
  const clear = () => {
    strip()
    words = ""
  }
  const glance = () => {
    clearTimeout(timer)
    if (words && !document.hidden) timer = setTimeout(clear, GLANCE_MS)
  }
  new MutationObserver(show).observe(document.head, { childList: true, characterData: true, subtree: true })
  document.addEventListener("visibilitychange", glance)
  return ({ ended }) => {
    const fresh = ended.filter(({ id }) => !told.has(id))
    if (!fresh.length) return
    fresh.forEach(({ id }) => told.add(id))
    sessionStorage.setItem("graft-told", JSON.stringify([...told].slice(-200)))
    strip()
    words = fresh.at(-1).words + (fresh.length > 1 ? ` and ${fresh.length - 1} more` : "")
    show()
    glance()
    const allowed = globalThis.Notification?.permission === "granted" && localStorage.getItem("graft-notify") === "on"
    if (allowed && document.hidden) for (const { id, words } of fresh) new Notification("Graft", { body: words, tag: id })
  }
}

export default function ({ data }) {
  window.graftTab ??= watching()
  window.graftTab(data)
}
