// Marks the first use of each term of TERMS ([name, sentence, spellings]) and says its sentence where it is pointed at
// or tapped. Text is marked through CSS.highlights: ranges in the browser's registry, no element touched.

const NAME = "graft-term"
const QUIET_MS = 250 // after the last change of the page
const PRESSED = "button, a, label, summary, [role=tab], [role=radio], [role=option]" // not underlined, but listed
const UNREAD = `input, textarea, select, code, pre, svg, canvas, style, script, h1, iframe, [role=combobox],
  [role=progressbar], .graft-gallery, .js-plotly-plot`
const PAGES = ".stMain, [data-testid=stPopoverBody], [data-testid=stDialog]"
const DRAWN = "svg, canvas, .js-plotly-plot" // what changes in there is no text to mark
const LIVE = { childList: true, characterData: true, subtree: true }
const number = new Map(TERMS.flatMap(([, , forms], i) => forms.map((form) => [form.toLowerCase(), i])))
const forms = [...number.keys()].sort((a, b) => b.length - a.length).map((form) => form.replace(/[.+*?()[\]\\]/g, "\\$&"))
const pattern = new RegExp(`(?<![\\p{L}\\p{N}_-])(${forms.join("|")})(?![\\p{L}\\p{N}_])`, "giu")
const sheet = new CSSStyleSheet()
sheet.replaceSync(`::highlight(${NAME}) { text-decoration: underline dotted 1px; text-underline-offset: .22em; }`)

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".help")
  const help = (root.view ??= begin(root))
  root.querySelector("p").textContent = data.purpose
  help.soon()
  return help.end
}

function begin(root) {
  const [button, panel, tip] = [root.querySelector("button"), root.querySelector(".panel"), root.querySelector(".tip")]
  const ended = new AbortController()
  const on = (target, name, act, more = {}) => target.addEventListener(name, act, { signal: ended.signal, ...more })
  const observer = new MutationObserver((changes) => changes.some(tells) && soon())
  let marked = [] // [number of term, its range]
  let here = new Set() // terms that are marked on the page, in the dialog
  let used = new Set()
  let timer = 0
  let frame = 0

  const tells = ({ target }) => {
    const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement
    return !element?.closest(DRAWN) && !root.contains(target)
  }

  function soon() {
    clearTimeout(timer)
    timer = setTimeout(scan, QUIET_MS)
  }

  function scan() {
    marked = []
    used = new Set()
    for (const page of document.querySelectorAll(PAGES)) {
      here = new Set()
      read(page)
    }
    if (globalThis.CSS?.highlights) CSS.highlights.set(NAME, new Highlight(...marked.map(([, range]) => range)))
    if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet)
  }

  // In the order of reading, through shadow roots too.
  function read(node, marks = true) {
    if (node.nodeType === Node.TEXT_NODE) return find(node, marks)
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node === root || node.matches(UNREAD)) return
      marks &&= !node.matches(PRESSED)
      if (node.shadowRoot) {
        observer.observe(node.shadowRoot, LIVE)
        if (!node.shadowRoot.adoptedStyleSheets.includes(sheet)) node.shadowRoot.adoptedStyleSheets.push(sheet)
        read(node.shadowRoot, marks)
      }
    }
    for (let child = node.firstChild; child; child = child.nextSibling) read(child, marks)
  }

  function find(node, marks) {
    for (const { 0: word, index } of node.data.matchAll(pattern)) {
      const term = number.get(word.toLowerCase())
      used.add(term)
      if (!marks || here.has(term)) continue
      const range = new Range()
      range.setStart(node, index)
      range.setEnd(node, index + word.length)
      if (!range.getClientRects().length) continue // folded away
      here.add(term)
      marked.push([term, range])
    }
  }

  // The term at a place of the window, and where it stands.
  function at({ clientX: x, clientY: y }, path) {
    const hit = path[0]
    if (!(hit instanceof Node)) return null
    for (const [term, range] of marked) {
      if (!hit.contains(range.startContainer)) continue
      for (const box of range.getClientRects()) {
        if (x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 2 && y <= box.bottom + 2) return { term, box }
      }
    }
    return null
  }

  function show(found) {
    document.documentElement.style.cursor = found ? "help" : ""
    if (!found) return tip.matches(":popover-open") && tip.hidePopover()
    const [name, sentence] = TERMS[found.term]
    tip.replaceChildren(made("b", {}, null, name), document.createTextNode(`: ${sentence}`))
    tip.showPopover()
    beside(tip, found.box)
  }

  // Puts a box under another one, or over it where there is no room, inside the window.
  function beside(box, { left, top, bottom }) {
    const below = bottom + 8 + box.offsetHeight < innerHeight
    box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 16))}px`
    box.style.top = `${below ? bottom + 8 : Math.max(8, top - 8 - box.offsetHeight)}px`
  }

  function list() {
    const words = [...used].sort((a, b) => a - b)
    const lines = words.flatMap((i) => [made("dt", {}, null, TERMS[i][0]), made("dd", {}, null, TERMS[i][1])])
    root.querySelector("dl").replaceChildren(...lines)
    root.querySelector("h2").hidden = !words.length
  }

  button.popoverTargetElement = panel
  on(panel, "beforetoggle", ({ newState }) => newState === "open" && list())
  on(panel, "toggle", ({ newState }) => newState === "open" && beside(panel, button.getBoundingClientRect()))
  on(document, "pointermove", (event) => {
    if (event.pointerType !== "mouse" || frame) return
    const path = event.composedPath()
    frame = requestAnimationFrame(() => {
      frame = 0
      show(at(event, path))
    })
  })
  on(document, "click", (event) => {
    show(at(event, event.composedPath()))
    soon() // a section may have been folded open
  })
  on(document, "keydown", ({ key }) => key === "Escape" && show(null))
  on(document, "scroll", () => show(null), { capture: true, passive: true })
  observer.observe(document.body, LIVE)

  return {
    soon,
    end: () => {
      if (root.isConnected) return // called for an update that a newer one overtook; this one lives on
      ended.abort()
      observer.disconnect()
      clearTimeout(timer)
      cancelAnimationFrame(frame)
      globalThis.CSS?.highlights?.delete(NAME)
      document.documentElement.style.cursor = ""
    },
  }
}
