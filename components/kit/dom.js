// What the components' scripts share. `component` in drawn.py puts it in front of each of them.

const pen = document.createElement("canvas").getContext("2d")

// The width of words in a CSS font.
function measured(words, font) {
  pen.font = font
  return pen.measureText(words).width
}

// Any CSS colour -> [red, green, blue], each from 0 to 255.
function rgb(color) {
  pen.fillStyle = color.trim() || "#fff"
  return pen.fillStyle.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16))
}

// The theme's colours of charts, by slot.
function palette(root) {
  return getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(",").map((color) => color.trim())
}

// Takes the page's colours: one variable for each colour of the charts, and whether the page is dark.
function theme(root) {
  palette(root).forEach((color, slot) => root.style.setProperty(`--c${slot}`, color))
  const [r, g, b] = rgb(getComputedStyle(root).getPropertyValue("--st-background-color"))
  root.classList.toggle("dark", 0.3 * r + 0.59 * g + 0.11 * b < 128)
}

// Puts HTML in its place, unless it stands there already; whether it is new.
function place(root, html) {
  if (root.placed === html) return false
  root.innerHTML = root.placed = html
  return true
}

// The whole script of a component that shows HTML in the page's colours.
const shows = (root) => ({ data, parentElement }) => {
  place(parentElement.querySelector(root), data.html)
  theme(parentElement.querySelector(root))
}

// The view that stays with an element, made once. It builds anew where the element has another width than it built for.
function lasting(root, make) {
  if (root.view) return root.view
  const view = (root.view = make(root))
  const observer = new ResizeObserver(() => view.data && root.clientWidth !== view.width && view.build())
  observer.observe(root)
  view.end = () => {
    if (root.isConnected) return // called for an update that a newer one overtook; the view lives on
    observer.disconnect()
    view.ended?.()
  }
  return view
}

// An element of HTML, of SVG: with attributes, put into its parent where there is one.
function made(tag, attributes = {}, parent = null, words = "") {
  return filled(document.createElement(tag), attributes, parent, words)
}

function svg(tag, attributes, parent, words = "") {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, parent, words)
}

function filled(node, attributes, parent, words) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  if (words !== "") node.textContent = words
  parent?.append(node)
  return node
}

// What an arrow key asks for: [rows down, columns right]; nothing for other keys.
const arrow = ({ key }) => ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[key]
