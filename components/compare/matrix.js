// Draws the pairs as a table and says what the cell means that is pointed at, tapped or reached with the arrow keys.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".pairs")
  const now = JSON.stringify(data)
  if (root.shown !== now) draw(root, data)
  root.shown = now
  theme(root)
}

function draw(root, data) {
  const said = root.querySelector(".said")
  root.querySelector("h3").textContent = data.title
  root.querySelector(".how").textContent = data.how
  said.textContent = data.hint
  const head = made("tr")
  head.append(made("th"), ...data.runs.map((run) => heading(run, "col")))
  const rows = data.cells.map((cells, i) => {
    const row = made("tr")
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
      field.onpointerenter = field.onclick = field.onfocus = () => show(i, j)
      field.onkeydown = (event) => {
        const [down, right] = arrow(event) ?? []
        if (down === undefined) return
        event.preventDefault()
        const past = i + down === j + right ? 2 : 1 // over the diagonal
        at(i + past * down, j + past * right)?.focus()
      }
    }),
  )
  if (data.runs.length > 1) {
    held = at(0, 1)
    held.tabIndex = 0
  }
}

function heading(run, scope) {
  const title = run.taken ? `${run.title}, chosen` : run.title
  const cell = made("th", { scope, title, ...(run.taken && { class: "taken" }) }), line = made("div", { class: "run" }, cell)
  made("b", {}, line, run.number)
  made("img", { src: run.symbol, alt: "" }, line)
  if (scope === "row") made("span", {}, line, run.short)
  else cell.setAttribute("aria-label", title)
  return cell
}

function field(cell) {
  if (!cell) return made("td", { class: "self", "aria-hidden": "true" }, null, "·")
  const kinds = `${cell.share < 0 ? "behind" : "ahead"} ${cell.sure ? "sure" : "open"}`
  const field = made("td", { class: kinds, tabindex: -1 }, null, cell.value), strength = Math.abs(cell.share)
  field.style.setProperty("--mix", cell.sure ? 14 + 38 * strength : 16 * strength)
  return field
}
