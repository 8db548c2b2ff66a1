// Draws the flowchart as SVG and lights the path at once when an answer is chosen; the server's answer follows.

const STACKED_PX = 720
const SETTLE_MS = 10000 // how long a choice may stay ahead of the server
const NODE = 60, PAD = 13, SEAM = 14, LINE = 19, SEAM_HIGH = 24

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".flow")
  const flow = (root.flow ??= new Flow(root))
  flow.send = (answers) => setTriggerValue("answer", answers)
  flow.take(data)
  return () => root.isConnected || flow.observer.disconnect()
}

class Flow {
  constructor(root) {
    this.root = root
    this.svg = root.querySelector("svg")
    this.width = 0
    this.pen = document.createElement("canvas").getContext("2d")
    this.observer = new ResizeObserver(() => this.data && root.clientWidth !== this.width && this.build())
    this.observer.observe(root)
    document.fonts.ready.then(() => this.data && this.build())
  }

  take(data) {
    this.data = data
    if (!this.answers || same(this.answers, data.answers)) this.pending = null
    if (!this.pending) this.answers = { ...data.answers }
    this.width ? this.paint() : this.build()
  }

  choose(name, value) {
    const answers = { ...this.answers, [name]: this.answers[name] === value ? null : value }
    this.answers = answers
    clearTimeout(this.pending)
    this.pending = setTimeout(() => {
      this.pending = null
      this.answers = { ...this.data.answers }
      this.paint()
    }, SETTLE_MS)
    this.paint()
    this.announce()
    this.send({ similarity: answers.similarity, budget: answers.budget })
  }

  // Where the path leads: keys of places that are certain, or that are possible while similarity is open.
  ends() {
    const { size, similarity } = this.answers
    const name = (to) => to.join("-")
    if (!similarity) return { certain: null, possible: Object.values(this.data.leads).map((by) => name(by[size])) }
    const lit = !this.pending && this.data.lit.length ? this.data.lit : this.data.leads[similarity][size]
    return { certain: name(lit), possible: [name(lit)] }
  }

  // --- drawing: once for a width ---------------------------------------------------------------

  build() {
    const width = this.root.clientWidth
    if (!width) return
    const held = this.root.getRootNode().activeElement?.dataset?.id
    this.width = width
    this.family = getComputedStyle(this.root).fontFamily
    this.svg.replaceChildren()
    this.edges = []
    this.options = []
    this.places = {}
    this.headings = {}
    this.panels = element("g", {}, this.svg)
    this.lines = element("g", { "aria-hidden": "true" }, this.svg)
    width < STACKED_PX ? this.stacked(width) : this.wide(Math.min(width, 1180))
    this.paint()
    if (held) this.svg.querySelector(`[data-id="${held}"]`)?.focus()
  }

  wide(width) {
    const ask = clamp(width * 0.185, 140, 210), card = clamp(width * 0.29, 210, 340)
    const gap = (width - 3 * ask - card - 4) / 3
    const lefts = [0, 1, 2, 3].map((i) => 2 + i * (ask + gap))
    const high = this.cardHeight(card), top = 62
    const apart = 40 // between the similar pair and the different one
    const tops = [0, high + SEAM, 2 * high + SEAM + apart, 3 * high + 2 * SEAM + apart].map((y) => top + y)
    const pairs = [0, 2].map((i) => (tops[i] + tops[i + 1] + high) / 2)
    const middle = (pairs[0] + pairs[1]) / 2
    const rows = [[middle - 118, middle, middle + 118], pairs, pairs]
    const nodes = this.data.questions.map((question, i) => {
      this.heading(question.name, i + 1, question.title, lefts[i], 44, ask)
      const group = this.group(question)
      return question.options.map((option, k) => this.option(group, question, option, lefts[i], rows[i][k] - NODE / 2, ask))
    })
    this.heading("place", "", "Scenario", lefts[3], 44, card)
    tops.forEach((y, i) => this.place(`${i + 1}`, lefts[3], y, card, high))
    this.seam("1-2", lefts[3] + 16, tops[1] - SEAM / 2)
    this.seam("3-4", lefts[3] + 16, tops[3] - SEAM / 2)
    const curve = (from, to) => {
      const [x0, x1] = [from.x + from.width, to.x], [y0, y1] = [from.y + from.height / 2, to.y + to.height / 2]
      const pull = Math.max(24, (x1 - x0) / 2)
      return `M${x0} ${y0} C${x0 + pull} ${y0} ${x1 - pull} ${y1} ${x1} ${y1}`
    }
    nodes.slice(0, -1).forEach((row, i) =>
      row.forEach((from) => nodes[i + 1].forEach((to) => this.edge(curve(from, to), from, to))),
    )
    this.reach(nodes.at(-1), curve)
    this.svg.setAttribute("height", tops[3] + high + 3)
  }

  // On a phone each question is a panel, one below the other, and a rail leads down to the scenarios.
  stacked(width) {
    let y = 0
    const panels = []
    const nodes = this.data.questions.map((question, i) => {
      const count = question.options.length, wide = (width - 22 - 8 * (count - 1)) / count
      const panel = { question: question.name, x: 1, y, width: width - 2, height: NODE + 54 }
      element("rect", { class: "panel", x: 1, y, width: width - 2, height: panel.height, rx: 12 }, this.panels)
      panels.push(panel)
      this.heading(question.name, i + 1, question.title, 12, y + 27, width - 30)
      const group = this.group(question)
      const row = question.options.map((option, k) => this.option(group, question, option, 11 + k * (wide + 8), y + 43, wide))
      y += panel.height + 34
      return row
    })
    this.heading("place", "", "Scenario", 30, y + 12, width - 30)
    y += 26
    const high = this.cardHeight(width - 30), rail = 10
    for (const number of ["1", "2", "3", "4"]) {
      const upper = number === "1" || number === "3"
      this.place(number, 30, y, width - 31, high)
      y += high + (upper ? SEAM : 30)
    }
    this.seam("1-2", 44, this.places["2"].y - SEAM / 2)
    this.seam("3-4", 44, this.places["4"].y - SEAM / 2)
    const down = (from, to) => {
      const x0 = from.x + from.width / 2, x1 = to.x + to.width / 2, y0 = from.y + from.height, y1 = to.y
      return `M${x0} ${y0} C${x0} ${y1} ${x1} ${y0 + 8} ${x1} ${y1}`
    }
    const along = (from, to) => {
      const x = from.x + from.width / 2, y0 = from.y + from.height, y1 = to.y + to.height / 2
      const bend = `C${x} ${y0 + 40} ${rail} ${y0 + 2} ${rail} ${y0 + 52}`
      return `M${x} ${y0} ${bend} L${rail} ${y1 - 8} Q${rail} ${y1} ${rail + 8} ${y1} L${to.x} ${y1}`
    }
    nodes.slice(0, -1).forEach((row, i) => row.forEach((from) => this.edge(down(from, panels[i + 1]), from, panels[i + 1])))
    this.reach(nodes.at(-1), along)
    this.svg.setAttribute("height", y - 28)
  }

  reach(options, curve) {
    for (const from of options) for (const to of Object.values(this.places)) this.edge(curve(from, to), from, to)
  }

  edge(d, from, to) {
    this.edges.push({ from, to, line: element("path", { class: "edge", d }, this.lines) })
  }

  heading(name, number, words, x, y, width) {
    const group = element("g", { class: "heading", "aria-hidden": "true" }, this.svg)
    const indent = number ? 29 : 0
    const lines = this.wrap(words, width - indent, "600 14.5px")
    const first = y - (lines.length - 1) * 18
    if (number) {
      element("circle", { cx: x + 11, cy: first - 5, r: 11 }, group)
      write(group, "number", `${number}`, x + 11, first - 0.5)
    }
    lines.forEach((line, i) => write(group, "question", line, x + indent, first + i * 18))
    this.headings[name] = group
  }

  group(question) {
    const counted = question.name in this.data.measured
    const label = counted ? `${question.title} Counted by Graft.` : question.title
    return element("g", { role: "radiogroup", "aria-label": label, "aria-disabled": `${counted}` }, this.svg)
  }

  option(parent, { name, options }, { value, label, hint }, x, y, width) {
    const free = !(name in this.data.measured)
    const id = `${name}-${value}`
    const node = element("g", { class: "option", role: "radio", "data-id": id }, parent)
    box(node, x, y, width, NODE, 10)
    const left = x + (width < 130 ? 9 : PAD)
    const dotted = width >= 150
    if (dotted) element("circle", { class: "dot", cx: left + 6, cy: y + 25, r: 6 }, node)
    const text = dotted ? left + 21 : left, room = x + width - 6 - text
    this.fit(write(node, "label", label, text, y + 26), 600, 15, room)
    const below = write(node, "hint", hint, text, y + 45)
    const option = { node, name, value, label, hint, below, room, free, x, y, width, height: NODE }
    this.options.push(option)
    if (!free) {
      node.setAttribute("aria-disabled", "true")
      return option
    }
    node.classList.add("free")
    node.onclick = () => this.choose(name, value)
    node.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
      if (event.key === "Enter" || event.key === " ") this.choose(name, value)
      else if (step) {
        const at = options.findIndex((other) => other.value === value)
        const next = options[(at + step + options.length) % options.length].value
        if (this.answers[name] !== next) this.choose(name, next)
        this.svg.querySelector(`[data-id="${name}-${next}"]`).focus()
      } else return
      event.preventDefault()
    }
    return option
  }

  cardHeight(width) {
    const rows = Object.values(this.data.places).map((place) => this.wrap(place.title, width - 54, "600 15px").length)
    return 2 * PAD + Math.max(...rows) * LINE + 17
  }

  place(key, x, y, width, height) {
    const { title, where, says } = this.data.places[key]
    const node = element("g", { class: "place", role: "img", tabindex: 0, "data-id": `place-${key}` }, this.svg)
    box(node, x, y, width, height, 10)
    const lines = this.wrap(title, width - 54, "600 15px")
    const first = y + (height - lines.length * LINE - 17) / 2 + 14
    element("circle", { cx: x + 25, cy: y + height / 2, r: 12 }, node)
    write(node, "number", key, x + 25, y + height / 2 + 4.5)
    lines.forEach((line, i) => write(node, "label", line, x + 46, first + i * LINE))
    write(node, "hint", where, x + 46, first + lines.length * LINE - 1)
    this.explains(node, `Scenario ${key}: ${title}`, says)
    this.places[key] = { key, node, x, y, width, height, words: `Scenario ${key}, ${title}, ${where}` }
  }

  seam(key, x, y) {
    const { title, says } = this.data.places[key]
    const width = this.measure(title, "600 13px") + 28
    const node = element("g", { class: "place seam", role: "img", tabindex: 0, "data-id": `place-${key}` }, this.svg)
    box(node, x, y - SEAM_HIGH / 2, width, SEAM_HIGH, SEAM_HIGH / 2)
    const words = write(node, "label", title, x + 14, y + 4.5)
    words.style.fontSize = "13px"
    const name = title[0].toUpperCase() + title.slice(1)
    this.explains(node, name, says)
    this.places[key] = { key, node, x, y: y - SEAM_HIGH / 2, width, height: SEAM_HIGH, words: name }
  }

  explains(node, name, says) {
    node.setAttribute("aria-label", `${name}. ${says}`)
    const show = () => this.say(name, says)
    node.onpointerenter = node.onfocus = node.onclick = show
    node.onpointerleave = (event) => event.pointerType === "mouse" && this.sayNow()
    node.onblur = () => this.sayNow()
  }

  // --- lighting: at every answer ---------------------------------------------------------------

  paint() {
    this.root.classList.toggle("dark", isDark(getComputedStyle(this.root).getPropertyValue("--st-background-color")))
    const { certain, possible } = this.ends()
    const by = (name) => (name in this.data.measured ? "measured" : "said")
    let asked = false
    for (const { name, options } of this.data.questions) {
      const answer = this.answers[name], open = !answer
      this.headings[name].setAttribute("class", `heading ${open ? (asked ? "" : "said") : by(name)}`)
      asked ||= open
      for (const option of this.options.filter((each) => each.name === name)) {
        const on = option.value === answer
        option.node.setAttribute("class", `option ${option.free ? "free" : ""} ${on ? by(name) : ""}`)
        option.node.setAttribute("aria-checked", `${on}`)
        option.below.textContent = on ? (this.data.measured[name] ?? "you said") : option.hint
        this.fit(option.below, on ? 600 : 400, 12.5, option.room)
        option.node.setAttribute("aria-label", `${option.label}, ${option.below.textContent}`)
        const stop = on || (open && option.value === options[0].value)
        if (option.free) option.node.setAttribute("tabindex", stop ? "0" : "-1")
      }
    }
    for (const place of Object.values(this.places)) {
      const lit = place.key === certain
      const half = !lit && (certain ?? "").split("-").includes(place.key)
      const off = !lit && !half && !possible.some((key) => key.split("-").includes(place.key))
      const gone = place.key.includes("-") && !possible.includes(place.key)
      const kind = lit ? "lit" : half ? "half" : off ? "off" : ""
      place.node.setAttribute("class", `place ${kind} ${gone ? "gone" : ""}`)
    }
    const answer = (end) => this.answers[end.name ?? end.question]
    const sure = (end) => (end.key ? end.key === certain : end.question ? !!answer(end) : answer(end) === end.value)
    const active = (end) => (end.key ? possible.includes(end.key) : end.question ? true : !answer(end) || sure(end))
    const lit = []
    for (const { from, to, line } of this.edges) {
      const on = sure(from) && sure(to), maybe = !on && active(from) && active(to)
      line.setAttribute("class", `edge ${on ? `lit ${by(from.name)}` : maybe ? "maybe" : ""}`)
      line.style.display = to.key?.includes("-") && !on && !maybe ? "none" : ""
      if (on) lit.push(line)
    }
    this.lines.append(...lit) // above the others
    this.sayNow()
  }

  sayNow() {
    const { certain } = this.ends()
    const open = this.data.questions.find(({ name }) => !this.answers[name])
    if (certain) {
      const { title, says } = this.data.places[certain]
      this.say(certain.includes("-") ? title[0].toUpperCase() + title.slice(1) : `Scenario ${certain}: ${title}`, says)
    } else this.say(open.title, "Choose an answer on the drawing. Press a chosen answer again to reopen its question.")
  }

  say(name, words) {
    const bold = document.createElement("b")
    bold.textContent = /[?]$/.test(name) ? `${name} ` : `${name}. `
    this.root.querySelector(".says").replaceChildren(bold, words)
  }

  announce() {
    const { certain } = this.ends()
    this.root.querySelector(".status").textContent = certain ? this.places[certain].words : "The scenario is open."
  }

  measure(words, font) {
    this.pen.font = `${font} ${this.family}`
    return this.pen.measureText(words).width
  }

  fit(text, weight, px, room) {
    const width = this.measure(text.textContent, `${weight} ${px}px`)
    text.style.fontSize = width > room ? `${(px * room) / width}px` : ""
  }

  wrap(words, width, font) {
    const lines = [""]
    for (const word of words.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word
      if (!lines.at(-1) || this.measure(longer, font) <= width) lines[lines.length - 1] = longer
      else lines.push(word)
    }
    return lines
  }
}

function element(tag, attributes, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return parent.appendChild(made)
}

function write(parent, kind, words, x, y) {
  const made = element("text", { class: kind, x, y }, parent)
  made.textContent = words
  return made
}

function box(parent, x, y, width, height, rx) {
  element("rect", { class: "body", x, y, width, height, rx }, parent)
  element("rect", { class: "ring", x: x - 4, y: y - 4, width: width + 8, height: height + 8, rx: rx + 4 }, parent)
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most)
const same = (a, b) => a.size === b.size && a.similarity === b.similarity && a.budget === b.budget

function isDark(color) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.fillStyle = color.trim() || "#fff"
  const [r, g, b] = pen.fillStyle.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16))
  return 0.3 * r + 0.59 * g + 0.11 * b < 128
}
