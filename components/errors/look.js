// Takes the page's colours: one variable for each colour of the charts, and whether the page is dark.
function theme(root) {
  const style = getComputedStyle(root)
  style.getPropertyValue("--st-chart-categorical-colors").split(",").forEach((color, slot) =>
    root.style.setProperty(`--c${slot}`, color.trim()))
  const pen = document.createElement("canvas").getContext("2d")
  pen.fillStyle = style.getPropertyValue("--st-background-color").trim() || "#fff"
  const [r, g, b] = pen.fillStyle.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16))
  root.classList.toggle("dark", 0.3 * r + 0.59 * g + 0.11 * b < 128)
}
