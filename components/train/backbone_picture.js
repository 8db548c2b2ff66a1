// Puts the drawing in its place and takes the strategies' colours from the theme, each with the ink to write on it.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".backbone")
  place(root, data.html)
  theme(root)
  const ink = (color) => (luminance(color) > 0.179 ? "#000" : "#fff") // where the contrast is greater
  palette(root).forEach((color, slot) => root.style.setProperty(`--on${slot}`, ink(color)))
}

function luminance(color) {
  const [r, g, b] = rgb(color).map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
