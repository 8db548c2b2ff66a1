// Draws confusion matrices as tables of buttons, as many side by side as fit; sends the cell that is pressed.

const GAP = 24, LEAST = 18, TOUCHED = 24, MOST = 84 // px: between panels; a cell's side
const NARROW = 640 // px: a phone, which shows one matrix at a time
const FEW = 6 // classes up to which names have room
const ABREAST = 20 // more classes than this are shown one matrix at a time
const MINUS = "\u2212"

export default function ({ data, parentElement, setTriggerValue }) {
  const view = lasting(parentElement.querySelector(".confusion"), (root) => new Confusion(root))
  view.send = (cell) => setTriggerValue("cell", cell)
  view.take(data)
  return view.end
}

class Confusion {
  constructor(root) {
    this.root = root
    this.shown = 0 // the panel in sight where only one fits
    const on = (kind, act) => root.addEventListener(kind, (event) => {
      const cell = event.target.closest?.(".cell")
      if (cell) act(cell, event)
    })
    on("click", (cell) => this.press(cell))
    on("pointerover", (cell) => this.point(cell))
    on("focusin", (cell) => this.point(cell))
    on("keydown", (cell, event) => this.step(cell, event))
    root.addEventListener("pointerleave", () => this.point(null))
    root.addEventListener("focusout", () => this.point(null))
  }

  take(data) {
    theme(this.root)
    const drawn = JSON.stringify([data.names, data.panels])
    this.selected = data.selected
    if (drawn === this.drawn) return this.mark()
    this.drawn = drawn
    this.data = data
    this.build()
  }

  // --- drawing ---------------------------------------------------------------------------------

  build() {
    this.width = this.root.clientWidth
    if (!this.width) return
    const { names, panels } = this.data, n = names.length
    const font = `13px ${getComputedStyle(this.root).fontFamily}`
    const wide = Math.max(...names.map((name) => measured(name, font))) + 12
    const named = Math.min(wide, this.width < NARROW ? 84 : n <= FEW ? 150 : 104)
    const digits = `${Math.max(...panels.flatMap((panel) => panel.matrix.flat().map(Math.abs)))}`.length
    const touched = matchMedia("(pointer: coarse)").matches ? TOUCHED : 0
    const least = Math.max(touched, LEAST, 5 + 6.6 * digits)
    const room = (k) => Math.floor(((this.width - (k - 1) * GAP) / k - named - 4) / n)
    const abreast = n <= ABREAST && this.width >= NARROW ? [3, 2] : []
    const fits = abreast.find((k) => k <= panels.length && room(k) >= least)
    this.side = Math.min(MOST, Math.max(least, room(fits ?? 1)))
    this.tabbed = !fits && panels.length > 1
    this.root.style.setProperty("--side", `${this.side}px`)
    this.root.style.setProperty("--named", `${named}px`)
    this.root.style.setProperty("--panels", fits ?? 1)
    this.root.classList.toggle("square", fits === 2 && panels.length > 2)
    this.root.classList.toggle("large", this.side >= 46)
    this.root.classList.toggle("tiny", this.side < 22)
    this.root.classList.toggle("flat", wide <= this.side)
    const box = this.root.querySelector(".panels")
    box.replaceChildren(...panels.map((panel, at) => this.panel(panel, at)), this.root.querySelector(".aside"))
    this.tabs()
    this.mark()
    this.point(null)
  }

  tabs() {
    const bar = this.root.querySelector(".tabs")
    bar.hidden = !this.tabbed
    const sections = [...this.root.querySelectorAll(".panel")]
    const show = (at) => {
      this.shown = at
      sections.forEach((section, i) => (section.hidden = this.tabbed && i !== at))
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", `${i === at}`))
      this.legend()
    }
    const buttons = this.data.panels.map((panel, at) => {
      const button = made("button", { type: "button" })
      button.innerHTML = panel.mark
      button.append(panel.tab)
      button.onclick = () => show(at)
      return button
    })
    bar.replaceChildren(...buttons)
    show(Math.min(this.shown, sections.length - 1))
  }

  panel(panel, at) {
    const section = made("section", { class: "panel" })
    const head = made("h3", {}, section)
    head.innerHTML = panel.mark
    head.append(panel.title)
    made("p", { class: "note" }, section, panel.note)
    const frame = made("div", { class: "frame" }, section)
    const table = made("table", { role: "grid", "aria-label": panel.says }, frame)
    const { names, full } = this.data, n = names.length
    const top = made("thead", {}, table)
    const first = made("tr", {}, top)
    made("td", {}, first)
    made("th", { class: "axis", colspan: n, scope: "colgroup" }, first, "predicted as")
    const second = made("tr", {}, top)
    made("td", { class: "axis" }, second, "label")
    const columns = names.map((name, i) => {
      const cell = made("th", { scope: "col", title: full[i] }, second)
      made("span", {}, cell, name)
      return cell
    })
    const body = made("tbody", {}, table)
    const rows = []
    const differs = panel.name === "difference"
    const most = Math.max(1, ...panel.matrix.flat().map(Math.abs))
    panel.cells = panel.matrix.map((counts, label) => {
      const of = counts.reduce((sum, count) => sum + count, 0)
      const row = made("tr", {}, body)
      rows.push(made("th", { scope: "row", title: full[label] }, row, names[label]))
      return counts.map((count, predicted) => {
        const cell = made("button", { type: "button", class: "cell", tabindex: -1 }, made("td", {}, row))
        Object.assign(cell.dataset, { panel: at, label, predicted })
        cell.setAttribute("aria-label", this.words(panel, label, predicted))
        const right = label === predicted
        const share = differs ? Math.abs(count) / most : of ? count / of : 0
        if (count) {
          const good = differs ? (count > 0) === right : right
          cell.classList.add(good ? "right" : "wrong")
          cell.style.setProperty("--mix", `${strength(share, right || differs)}%`)
        }
        this.number(cell, panel, count, share, right)
        return cell
      })
    })
    panel.heads = { rows, columns }
    panel.cells[0][0].tabIndex = 0
    return section
  }

  number(cell, panel, count, share, right) {
    if (panel.name === "difference") {
      if (count || this.either(cell)) cell.append(signed(count))
    } else if (count || right) {
      cell.append(count.toLocaleString("en"))
      if (this.side >= 46) made("small", {}, cell, `${Math.round(100 * share)}\u202f%`)
    }
  }

  either({ dataset: { label, predicted } }) {
    return this.data.panels.some((panel) => panel.name !== "difference" && panel.matrix[label][predicted])
  }

  legend() {
    const differs = (panel) => panel.name === "difference"
    const seen = this.tabbed ? [this.data.panels[this.shown]] : this.data.panels
    this.root.querySelector(".legend").hidden = !seen.some((panel) => !differs(panel))
    this.root.querySelector(".legend.difference").hidden = !seen.some(differs)
  }

  // --- what is pointed at, chosen, focused -----------------------------------------------------

  words(panel, label, predicted) {
    const { full } = this.data, said = label === predicted
    const what = said ? `of ${full[label]} named so` : `of ${full[label]} predicted as ${full[predicted]}`
    const images = (count) => `${count.toLocaleString("en")} ${count === 1 ? "image" : "images"}`
    if (panel.name !== "difference") return `${images(panel.matrix[label][predicted])} ${what}`
    const [a, b] = this.data.panels.slice(0, 2).map((each) => each.matrix[label][predicted])
    const [first, second] = this.data.panels.map((each) => each.title)
    return `Images ${what}: ${a} by ${first}, ${b} by ${second}, ${signed(b - a)}`
  }

  place(cell) {
    const { panel, label, predicted } = cell.dataset
    return { panel: this.data.panels[panel], label: +label, predicted: +predicted }
  }

  point(cell) {
    for (const each of this.root.querySelectorAll("th.on")) each.classList.remove("on")
    const readout = this.root.querySelector(".readout")
    if (!cell) return (readout.textContent = this.data?.hint ?? "")
    const { panel, label, predicted } = this.place(cell)
    panel.heads.rows[label].classList.add("on")
    panel.heads.columns[predicted].classList.add("on")
    const words = this.words(panel, label, predicted)
    if (panel.name === "difference") return (readout.textContent = words)
    const of = panel.matrix[label].reduce((sum, count) => sum + count, 0)
    const share = of ? ` (${((100 * panel.matrix[label][predicted]) / of).toFixed(1)}\u202f% of ${of})` : ""
    readout.textContent = `${panel.title}: ${words}${share}`
  }

  press(cell) {
    const { panel, label, predicted } = this.place(cell)
    this.rove(cell)
    if (panel.name === "difference" ? !this.either(cell) : !panel.matrix[label][predicted]) return
    this.selected = { panel: panel.name, label, predicted }
    this.mark()
    this.point(cell)
    if (this.width < NARROW) this.root.scrollIntoView({ block: "end", behavior: "smooth" }) // the images stand below
    this.send(this.selected)
  }

  step(cell, event) {
    const { panel, label, predicted } = this.place(cell), last = this.data.names.length - 1
    const [down, right] = arrow(event) ?? []
    const far = { Home: [label, 0], End: [label, last], PageUp: [0, predicted], PageDown: [last, predicted] }
    const [row, column] = far[event.key] ?? [label + down, predicted + right] // nowhere by another key
    const next = panel.cells[row]?.[column]
    if (Number.isNaN(row)) return
    event.preventDefault()
    if (!next) return
    this.rove(next)
    next.focus()
  }

  rove(cell) {
    const { panel } = this.place(cell)
    panel.cells.flat().forEach((each) => (each.tabIndex = each === cell ? 0 : -1))
  }

  mark() {
    if (!this.width) return
    const { panel: name, label, predicted } = this.selected ?? {}
    for (const panel of this.data.panels) {
      for (const each of panel.cells?.flat() ?? []) {
        if (each.hasAttribute("aria-current")) each.removeAttribute("aria-current")
        each.classList.remove("same")
      }
      const cell = panel.cells?.[label]?.[predicted]
      if (cell && panel.name === name) cell.setAttribute("aria-current", "true")
      else cell?.classList.add("same")
    }
  }
}

// Per cent of the colour in a cell: mistakes are few, so their shades rise faster.
const strength = (share, even) => Math.round(8 + 40 * (even ? share : Math.min(1, 2 * share) ** 0.6))
const signed = (count) => (count > 0 ? `+${count}` : count < 0 ? `${MINUS}${-count}` : "0")
