// Sorts the table by a press on a heading or by the select box; classes without a figure stay last.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".errors")
  theme(root)
  const order = root.querySelector("select")?.value ?? "0 up"
  if (!place(root, data.html)) return
  const rows = [...root.querySelectorAll("tbody tr")], select = root.querySelector("select")
  const buttons = [...root.querySelectorAll("thead button")]
  const value = (row, column) => row.cells[column].dataset.sort
  const sort = (column, up) => {
    const text = (row) => row.cells[0].textContent
    const by = (a, b) => {
      const [x, y] = [value(a, column), value(b, column)]
      if (x === "" || y === "") return (x === "") - (y === "")
      return up ? x - y : y - x
    }
    const sorted = column === 0 ? [...rows] : [...rows].sort(by)
    if (column === 0 && !up) sorted.sort((a, b) => text(a).localeCompare(text(b), undefined, { numeric: true }))
    root.querySelector("tbody").append(...sorted)
    for (const button of buttons) {
      const head = button.parentElement, on = +button.dataset.column === column && (column > 0 || !up)
      if (!on) head.removeAttribute("aria-sort")
      else head.setAttribute("aria-sort", up || column === 0 ? "ascending" : "descending")
    }
    const named = `${column} ${up ? "up" : "down"}`
    select.value = [...select.options].some((option) => option.value === named) ? named : ""
  }
  for (const button of buttons) {
    button.onclick = () => {
      const now = button.parentElement.getAttribute("aria-sort"), column = +button.dataset.column
      sort(column, column === 0 ? now === "ascending" : now !== "ascending")
    }
  }
  select.onchange = () => {
    const [column, way] = select.value.split(" ")
    sort(+column, way === "up")
  }
  const [column, way] = [...select.options].some((option) => option.value === order) ? order.split(" ") : ["0", "up"]
  sort(+column, way === "up")
}
