// Draws the flowchart as SVG and lights the path at once when an answer is chosen; the server's answer follows.

const STACKED_PX = 720
const SETTLE_MS = 10000 // how long a choice may stay ahead of the server
const NODE = 54, PAD = 11, SEAM = 14, LINE = 19, SEAM_HIGH = 24, NOTE = 17
const PICTURE = { width: 72, height: 36, gap: 6 }
const APART = 2.7 // px from the middle of an edge to each of its two lines, where both paths share it

export default function ({ data, parentElement, setTriggerValue }) {
  const flow = lasting(parentElement.querySelector(".flow"), (root) => new Flow(root))
  flow.send = (answers) => setTriggerValue("answer", answers)
  flow.take(data)
  return flow.end
}

class Flow {
  constructor(root) {
    this.root = root
    this.svg = root.querySelector("svg")
    this.width = 0
    document.fonts.ready.then(() => this.data && this.build())
  }

  take(data) {
    const moved = this.data && JSON.stringify(this.data.notes) !== JSON.stringify(data.notes) // they take room
    this.data = data
    if (!this.answers || same(this.answers, data.answers)) this.pending = null
    if (!this.pending) this.answers = { ...data.answers }
    this.width && !moved ? this.paint() : this.build()
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
    const free = this.data.questions.map((question) => question.name).filter((each) => !(each in this.data.measured))
    this.send(Object.fromEntries(free.map((each) => [each, answers[each]])))
  }

  // What was said and, once there is such a thing, what was measured: the answers of each, and where its path leads.
  ways() {
    const given = !this.pending && this.data.lit.length ? this.data.lit : null
    const said = this.way("said", this.answers, given)
    return this.data.found ? [said, this.way("measured", this.data.found, null)] : [said]
  }

  // Keys of places that are certain, or that are possible while similarity is open.
  way(kind, answers, given) {
    const { size, similarity } = answers, leads = this.data.leads
    const name = (to) => to.join("-")
    const certain = similarity ? name(given ?? leads[similarity][size]) : null
    const possible = certain ? [certain] : Object.values(leads).map((by) => name(by[size]))
    const answer = (end) => answers[end.name ?? end.question]
    const sure = (end) => (end.key ? end.key === certain : end.question ? !!answer(end) : answer(end) === end.value)
    const active = (end) => (end.key ? possible.includes(end.key) : end.question ? true : !answer(end) || sure(end))
    return { kind, certain, possible, sure, active }
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
    this.panels = svg("g", {}, this.svg)
    this.lines = svg("g", { "aria-hidden": "true" }, this.svg)
    this.steps = this.data.questions.filter((question) => !question.aside)
    width < STACKED_PX ? this.stacked(width) : this.wide(Math.min(width, 1180))
    this.paint()
    if (held) this.svg.querySelector(`[data-id="${held}"]`)?.focus()
  }

  wide(width) {
    const ask = clamp(width * 0.185, 140, 210), card = clamp(width * 0.29, 210, 340)
    const gap = (width - 3 * ask - card - 4) / 3
    const lefts = [0, 1, 2, 3].map((i) => 2 + i * (ask + gap))
    const high = this.cardHeight(card), top = 56, head = 38
    const apart = 30 // between the similar pair and the different one
    const tops = [0, high + SEAM, 2 * high + SEAM + apart, 3 * high + 2 * SEAM + apart].map((y) => top + y)
    const pairs = [0, 2].map((i) => (tops[i] + tops[i + 1] + high) / 2)
    const middle = (pairs[0] + pairs[1]) / 2
    const step = NODE + PICTURE.gap + PICTURE.height + 8
    const rows = [[middle - step, middle, middle + step], pairs, pairs]
    const nodes = this.steps.map((question, i) => {
      this.heading(question.name, i + 1, question.title, lefts[i], head, ask + gap - 12)
      this.note(question.name, lefts[i], head + NOTE, ask)
      const group = this.group(question)
      return question.options.map((option, k) => {
        const node = this.option(group, question, option, lefts[i], rows[i][k] - NODE / 2, ask)
        this.picture(node, lefts[i] + 1, node.y + NODE + PICTURE.gap)
        return node
      })
    })
    this.heading("place", "", "Scenario", lefts[3], head, card)
    tops.forEach((y, i) => this.place(`${i + 1}`, lefts[3], y, card, high))
    this.seam("1-2", lefts[3] + 16, tops[1] - SEAM / 2)
    this.seam("3-4", lefts[3] + 16, tops[3] - SEAM / 2)
    const curve = (from, to) => {
      const [x0, x1] = [from.x + from.width, to.x], [y0, y1] = [from.y + from.height / 2, to.y + to.height / 2]
      const pull = Math.max(24, (x1 - x0) / 2), under = 5 // so that a line beside the middle has no gap at its ends
      return `M${x0 - under} ${y0} H${x0} C${x0 + pull} ${y0} ${x1 - pull} ${y1} ${x1} ${y1} H${x1 + under}`
    }
    nodes.slice(0, -1).forEach((row, i) =>
      row.forEach((from) => nodes[i + 1].forEach((to) => this.edge(curve(from, to), from, to))),
    )
    this.reach(nodes.at(-1), curve)
    const pictures = middle + step + NODE / 2 + PICTURE.gap + PICTURE.height
    const end = this.asides(2, Math.max(tops[3] + high, pictures) + 24, width - 4, ask)
    this.svg.setAttribute("height", end + 3)
  }

  // Questions that are on no path: a panel each, its words at the left of its options where both have room.
  asides(x, top, width, ask) {
    const beside = ask > 0
    let y = top
    this.data.questions.filter((question) => question.aside).forEach((question, i) => {
      const inner = x + 12, count = question.options.length
      const wide = beside ? ask : (width - 16 - 8 * (count - 1)) / count
      const room = width - 24 - (beside ? count * (wide + 12) : 0)
      const title = this.wrap(question.title, room - 29, "600 14.5px"), aside = this.wrap(question.aside, room - 29, "12.5px")
      const words = title.length * 18 + aside.length * NOTE
      const height = beside ? Math.max(NODE, words) + 24 : words + NODE + 36
      const first = beside ? y + (height - words) / 2 + 14 : y + 27
      svg("rect", { class: "panel", x, y, width, height, rx: 12 }, this.panels)
      this.heading(question.name, this.steps.length + i + 1, question.title, inner, first + (title.length - 1) * 18, room)
      aside.forEach((line, k) => write(this.svg, "hint", line, inner + 29, first + title.length * 18 + k * NOTE))
      const group = this.group(question)
      const left = beside ? x + width - 12 - count * wide - (count - 1) * 12 : x + 8
      const above = beside ? y + (height - NODE) / 2 : y + height - NODE - 11
      question.options.forEach((option, k) => this.option(group, question, option, left + k * (wide + (beside ? 12 : 8)), above, wide))
      y += height + 12
    })
    return y - 12
  }

  // On a phone each question is a panel, one below the other, and a rail leads down to the scenarios.
  stacked(width) {
    let y = 0
    const panels = []
    const nodes = this.steps.map((question, i) => {
      const count = question.options.length, wide = (width - 22 - 8 * (count - 1)) / count
      const noted = question.name in this.data.notes ? NOTE : 0
      const top = y + 43 + noted + PICTURE.height + PICTURE.gap
      const panel = { question: question.name, x: 1, y, width: width - 2, height: top + NODE + 11 - y }
      svg("rect", { class: "panel", x: 1, y, width: width - 2, height: panel.height, rx: 12 }, this.panels)
      panels.push(panel)
      this.heading(question.name, i + 1, question.title, 12, y + 27, width - 30)
      this.note(question.name, 12, y + 27 + NOTE, width - 30)
      const group = this.group(question)
      const row = question.options.map((option, k) => {
        const node = this.option(group, question, option, 11 + k * (wide + 8), top, wide)
        this.picture(node, node.x + (wide - PICTURE.width) / 2, top - PICTURE.gap - PICTURE.height)
        return node
      })
      y += panel.height + 34
      return row
    })
    y = this.asides(30, y + 26, width - 31, 0) + 26
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
      const bend = `L${x} ${y0} C${x} ${y0 + 40} ${rail} ${y0 + 2} ${rail} ${y0 + 52}`
      return `M${x} ${y0 - 4} ${bend} L${rail} ${y1 - 8} Q${rail} ${y1} ${rail + 8} ${y1} L${to.x + 5} ${y1}`
    }
    nodes.slice(0, -1).forEach((row, i) => row.forEach((from) => this.edge(down(from, panels[i + 1]), from, panels[i + 1])))
    this.reach(nodes.at(-1), along)
    this.svg.setAttribute("height", y - 28)
  }

  reach(options, curve) {
    for (const from of options) for (const to of Object.values(this.places)) this.edge(curve(from, to), from, to)
  }

  // A line for each path; where both take this edge they run side by side.
  edge(d, from, to) {
    const rise = (to.y + to.height / 2) - (from.y + from.height / 2)
    const across = this.width < STACKED_PX ? [APART, to.key ? APART : 0] : [Math.abs(rise) > 60 ? -Math.sign(rise) * APART : 0, APART]
    const line = () => svg("path", { class: "edge", d }, this.lines)
    this.edges.push({ from, to, across, said: line(), measured: line() })
  }

  // What measuring found where it is none of a question's options.
  note(name, x, y, width) {
    if (!(name in this.data.notes)) return
    this.fit(write(this.svg, "note", this.data.notes[name], x + 29, y), 600, 12.5, width - 29)
  }

  picture({ node, name, value, free }, x, y) {
    const shown = this.data.pictures[node.dataset.id]
    if (!shown) return
    const group = svg("g", { class: "picture", role: "img", "aria-label": shown.alt }, this.svg)
    svg("title", {}, group, shown.alt)
    svg("g", { transform: `translate(${x} ${y}) scale(${PICTURE.width / 96})` }, group).innerHTML = shown.svg
    if (!free) return
    group.classList.add("free")
    group.onclick = () => this.choose(name, value)
  }

  heading(name, number, words, x, y, width) {
    const group = svg("g", { class: "heading", "aria-hidden": "true" }, this.svg)
    const indent = number ? 29 : 0
    const lines = this.wrap(words, width - indent, "600 14.5px")
    const first = y - (lines.length - 1) * 18
    if (number) {
      svg("circle", { cx: x + 11, cy: first - 5, r: 11 }, group)
      write(group, "number", `${number}`, x + 11, first - 0.5)
    }
    lines.forEach((line, i) => write(group, "question", line, x + indent, first + i * 18))
    this.headings[name] = group
  }

  group(question) {
    const counted = question.name in this.data.measured
    const label = counted ? `${question.title} Counted by Graft.` : question.title
    return svg("g", { role: "radiogroup", "aria-label": label, "aria-disabled": `${counted}` }, this.svg)
  }

  option(parent, { name, options }, { value, label, hint }, x, y, width) {
    const free = !(name in this.data.measured)
    const id = `${name}-${value}`
    const node = svg("g", { class: "option", role: "radio", "data-id": id }, parent)
    box(node, x, y, width, NODE, 10)
    const left = x + (width < 130 ? 9 : PAD)
    const dotted = width >= 150
    if (dotted) svg("circle", { class: "dot", cx: left + 6, cy: y + 22, r: 6 }, node)
    const text = dotted ? left + 21 : left, room = x + width - 6 - text
    this.fit(write(node, "label", label, text, y + 23), 600, 15, room)
    const below = write(node, "hint", hint, text, y + 41)
    const option = { node, name, value, label, hint, below, room, free, x, y, width, height: NODE }
    this.options.push(option)
    if (!free) {
      node.setAttribute("aria-disabled", "true")
      return option
    }
    node.classList.add("free")
    node.onclick = () => this.choose(name, value)
    node.onkeydown = (event) => {
      const [down, right] = arrow(event) ?? []
      if (event.key === "Enter" || event.key === " ") this.choose(name, value)
      else if (down !== undefined) {
        const at = options.findIndex((other) => other.value === value)
        const next = options[(at + down + right + options.length) % options.length].value
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
    const node = svg("g", { class: "place", role: "img", tabindex: 0, "data-id": `place-${key}` }, this.svg)
    box(node, x, y, width, height, 10)
    const lines = this.wrap(title, width - 54, "600 15px")
    const first = y + (height - lines.length * LINE - 17) / 2 + 14
    svg("circle", { cx: x + 25, cy: y + height / 2, r: 12 }, node)
    write(node, "number", key, x + 25, y + height / 2 + 4.5)
    lines.forEach((line, i) => write(node, "label", line, x + 46, first + i * LINE))
    write(node, "hint", where, x + 46, first + lines.length * LINE - 1)
    this.explains(node, `Scenario ${key}: ${title}`, says)
    this.places[key] = { key, node, x, y, width, height, words: `Scenario ${key}, ${title}, ${where}` }
  }

  seam(key, x, y) {
    const { title, says } = this.data.places[key]
    const width = this.measure(title, "600 13px") + 28
    const node = svg("g", { class: "place seam", role: "img", tabindex: 0, "data-id": `place-${key}` }, this.svg)
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
    theme(this.root)
    const ways = this.ways()
    this.paintQuestions()
    this.paintPlaces(ways)
    this.paintEdges(ways)
    this.sayNow()
  }

  paintQuestions() {
    let asked = false
    for (const { name, options, aside } of this.data.questions) {
      const counted = this.data.measured[name], answer = this.answers[name], open = !answer
      this.headings[name].setAttribute("class", `heading ${counted ? "measured" : open && (asked || aside) ? "" : "said"}`)
      asked ||= open
      for (const option of this.options.filter((each) => each.name === name)) {
        const on = option.value === answer, found = option.value === this.data.found?.[name]
        const said = on && !counted, measured = found || (on && !!counted)
        const words = said && found ? "said and measured" : said ? "you said" : found ? this.data.found_words[name] : null
        const shown = on && counted ? counted : (words ?? option.hint)
        const kinds = `${option.free ? "free" : ""} ${said ? "said" : ""} ${measured ? "measured" : ""}`
        option.node.setAttribute("class", `option ${kinds}`)
        option.node.setAttribute("aria-checked", `${on}`)
        option.below.textContent = shown
        this.fit(option.below, said || measured ? 600 : 400, 12.5, option.room)
        option.node.setAttribute("aria-label", `${option.label}, ${shown}`)
        const stop = on || (open && option.value === options[0].value)
        if (option.free) option.node.setAttribute("tabindex", stop ? "0" : "-1")
      }
    }
  }

  paintPlaces(ways) {
    const kinds = (test) => ways.filter(test).map((way) => way.kind).join(" ")
    for (const place of Object.values(this.places)) {
      const lit = kinds((way) => way.certain === place.key)
      const half = kinds((way) => way.certain?.includes("-") && way.certain.split("-").includes(place.key))
      const near = ways.some((way) => way.possible.some((key) => key.split("-").includes(place.key)))
      const gone = place.key.includes("-") && !ways.some((way) => way.possible.includes(place.key))
      const kind = lit ? `lit ${lit}` : half ? `half ${half}` : near || place.key.includes("-") ? "" : "off"
      place.node.setAttribute("class", `place ${place.key.includes("-") ? "seam" : ""} ${kind} ${gone ? "gone" : ""}`)
    }
  }

  paintEdges(ways) {
    const above = []
    for (const { from, to, across: [dx, dy], ...lines } of this.edges) {
      const on = ways.filter((way) => way.sure(from) && way.sure(to)).map((way) => way.kind)
      const maybe = !on.length && ways.some((way) => way.active(from) && way.active(to))
      const hidden = to.key?.includes("-") && !on.length && !maybe
      for (const [kind, side] of [["said", -1], ["measured", 1]]) {
        const line = lines[kind], lit = on.includes(kind)
        line.setAttribute("class", `edge ${lit ? `lit ${kind}` : maybe && kind === "said" ? "maybe" : ""}`)
        line.setAttribute("transform", lit && on.length > 1 ? `translate(${side * dx} ${side * dy})` : "")
        line.style.display = hidden || (!lit && kind === "measured") ? "none" : ""
        if (lit) above.push(line)
      }
    }
    this.lines.append(...above)
  }

  sayNow() {
    const [said, found] = this.ways()
    const name = (key) => (key.includes("-") ? `between ${key.replace("-", " and ")}` : `scenario ${key}`)
    const certain = said.certain ?? found?.certain
    const open = this.steps.find((question) => !this.answers[question.name])
    if (said.certain && found?.certain && said.certain !== found.certain) {
      const words = "“Why” below says which of the two counts. Hover or focus a scenario to read what it would do."
      this.say(`You said ${name(said.certain)}, measuring says ${name(found.certain)}`, words)
    } else if (certain) {
      const { title, says } = this.data.places[certain]
      const head = certain.includes("-") ? title[0].toUpperCase() + title.slice(1) : `Scenario ${certain}: ${title}`
      const rule = this.data.instead && !this.pending ? `The rule of thumb: ${says} ${this.data.instead}` : says
      this.say(said.certain ? head : `Measured, not said. ${head}`, rule)
    } else {
      const measure = this.data.found ? "" : ", or let Graft measure it, above"
      this.say(open.title, `Choose an answer on the drawing${measure}. Press a chosen answer again to reopen its question.`)
    }
  }

  say(name, words) {
    const bold = made("b", {}, null, /[?]$/.test(name) ? `${name} ` : `${name}. `)
    this.root.querySelector(".says").replaceChildren(bold, words)
  }

  announce() {
    const [{ certain }] = this.ways()
    this.root.querySelector(".status").textContent = certain ? this.places[certain].words : "The scenario is open."
  }

  measure(words, font) {
    return measured(words, `${font} ${this.family}`)
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

function write(parent, kind, words, x, y) {
  return svg("text", { class: kind, x, y }, parent, words)
}

function box(parent, x, y, width, height, rx) {
  svg("rect", { class: "body", x, y, width, height, rx }, parent)
  svg("rect", { class: "twin", x: x + 4, y: y + 4, width: width - 8, height: height - 8, rx: rx - 3 }, parent)
  svg("rect", { class: "ring", x: x - 4, y: y - 4, width: width + 8, height: height + 8, rx: rx + 4 }, parent)
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most)
const same = (a, b) => Object.keys(b).every((name) => a[name] === b[name])
