// A choice under each image. What the server does not know yet is sent again with the next choice, so that none is lost
// when several are made faster than it answers.

function fill(select, classes) {
  const { label, suggested } = select.dataset
  const option = (words, value, parent) => made("option", { value }, parent, words)
  const others = made("optgroup", { label: "Another class" })
  classes.forEach((name, i) => `${i}` === label || `${i}` === suggested || option(name, i, others))
  option("Keep its label", "keep", select)
  if (suggested) option(`${classes[suggested]} (suggested)`, suggested, select)
  option("Drop this image", "drop", select)
  if (others.children.length) select.append(others)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".errors")
  const open = (root.open ??= new Map())
  if (place(root, data.html)) root.querySelectorAll("select").forEach((select) => fill(select, data.classes))
  theme(root)
  const show = (select, wish) => {
    select.value = wish
    const figure = select.closest("figure")
    figure.classList.toggle("marked", wish !== "keep")
    figure.classList.toggle("dropped", wish === "drop")
  }
  for (const select of root.querySelectorAll("select")) {
    const { sample } = select.dataset
    const known = data.marks[sample] ?? "keep"
    if (open.get(sample) === known) open.delete(sample)
    show(select, open.get(sample) ?? known)
  }
  root.onchange = ({ target }) => {
    open.set(target.dataset.sample, target.value)
    show(target, target.value)
    setTriggerValue("wishes", Object.fromEntries(open))
  }
}
