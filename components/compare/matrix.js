// Draws the pairs as a table and says what the cell means that is pointed at, tapped or reached with the arrow keys.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".pairs")
  const drawn = JSON.stringify(data)
  if (root.drawn !== drawn) draw(root, data)
  root.drawn = drawn
  const pen = document.createElement("canvas").getContext("2d")
  pen.fillStyle = getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#fff"
  const [r, g, b] = pen.fillStyle.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16))
  root.classList.toggle("dark", 0.3 * r + 0.59 * g + 0.11 * b < 128)
}

function draw(root, data) {
  const said = root.querySelector(".said")
  root.querySelector("h4").textContent = data.title
  root.querySelector(".how").textContent = data.how
  said.textContent = data.hint
  const head = element("tr")
  head.append(element("th"), ...data.runs.map((run) => heading(run, "col")))
  const rows = data.cells.map((cells, i) => {
    const row = element("tr")
    row.append(heading(data.runs[i], "row"), ...cells.map((cell) => field(cell)))
    return row
  })
  root.querySelector("thead").replaceChildren(head)
  root.querySelector("tbody").replaceChildren(...rows)

  const at = (i, j) => rows[i]?.children[j + 1]
  let held = null
  const show = (i, j) => {
    const cell = at(i, j)
    if (!cell || i === j) return
    for (const one of root.querySelectorAll(".on")) one.classList.remove("on")
    for (const one of [cell, rows[i].children[0], head.children[j + 1]]) one.classList.add("on")
    if (held) held.tabIndex = -1
    held = cell
    cell.tabIndex = 0
    said.textContent = data.cells[i][j].said
  }
  data.cells.forEach((cells, i) =>
    cells.forEach((cell, j) => {
      if (!cell) return
      const field = at(i, j)
      field.addEventListener("pointerenter", () => show(i, j))
      field.addEventListener("click", () => show(i, j))
      field.addEventListener("focus", () => show(i, j))
      field.addEventListener("keydown", (event) => {
        const [down, right] = STEPS[event.key] ?? [0, 0]
        if (!down && !right) return
        event.preventDefault()
        const past = i + down === j + right ? 2 : 1 // over the diagonal
        at(i + past * down, j + past * right)?.focus()
      })
    }),
  )
  if (data.runs.length > 1) {
    held = at(0, 1)
    held.tabIndex = 0
  }
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

function heading(run, scope) {
  const cell = element("th"), line = element("div", "run"), number = element("b"), symbol = element("img")
  cell.scope = scope
  cell.title = run.title
  number.textContent = run.number
  symbol.src = run.symbol
  symbol.alt = ""
  line.append(number, symbol)
  if (scope === "row") {
    const name = element("span")
    name.textContent = run.short
    line.append(name)
  } else cell.setAttribute("aria-label", run.title)
  cell.append(line)
  return cell
}

function field(cell) {
  if (!cell) {
    const self = element("td", "self")
    self.textContent = "·"
    self.ariaHidden = "true"
    return self
  }
  const made = element("td", `${cell.share < 0 ? "behind" : "ahead"} ${cell.sure ? "sure" : "open"}`)
  const strength = Math.abs(cell.share)
  made.style.setProperty("--mix", cell.sure ? 14 + 38 * strength : 16 * strength)
  made.textContent = cell.value
  made.tabIndex = -1
  return made
}

function element(name, className = "") {
  const made = document.createElement(name)
  if (className) made.className = className
  return made
}
