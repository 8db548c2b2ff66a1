// Puts the drawing in its place and takes the strategies' colours from the theme, each with the ink to write on it.

const SLOTS = 10

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".backbone")
  if (root.drawn !== data.html) root.innerHTML = root.drawn = data.html
  const colors = getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(",")
  for (let slot = 0; slot < SLOTS; slot++) {
    const color = colors[slot % colors.length].trim()
    root.style.setProperty(`--c${slot}`, color)
    root.style.setProperty(`--on${slot}`, luminance(color) > 0.179 ? "#000" : "#fff") // where the contrast is greater
  }
}

function luminance(color) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.fillStyle = color
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(pen.fillStyle.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
