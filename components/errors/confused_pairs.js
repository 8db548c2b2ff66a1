// A press on a pair of classes marks it and is sent.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".errors")
  place(root, data.html)
  theme(root)
  const buttons = [...root.querySelectorAll("button")]
  const mark = (chosen) =>
    buttons.forEach((each) => each.setAttribute("aria-pressed", `${each.dataset.cell === chosen}`))
  mark(data.selected)
  root.onclick = ({ target }) => {
    const cell = target.closest("button")?.dataset.cell
    if (!cell) return
    mark(cell)
    const [label, predicted] = cell.split("-").map(Number)
    setTriggerValue("cell", { panel: "difference", label, predicted })
  }
}
