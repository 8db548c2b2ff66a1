// Draws live curves with Plotly.react on one lasting node. Zoom and hidden curves survive updates, and the node too:
// Streamlit sets up another one after a visit to another page, and on a slow machine sometimes in between.

const NARROW_PX = 640
const RETRY_MS = 15000
const AXES = ["xaxis", "xaxis2", "yaxis", "yaxis2"]
const kept = (window.graftLooks ??= {}) // by chart: ranges of zoomed axes, uids of hidden curves

export default function ({ data, parentElement }) {
  const live = lasting(parentElement.querySelector(".graft-live"), begin)
  live.data = data
  live.build()
  return live.end
}

function begin(figure) {
  const plot = figure.querySelector(".graft-live-plot")
  const note = figure.querySelector(".graft-live-note")
  const button = figure.querySelector("button")
  const live = { data: null, gone: false, width: 0 }

  live.build = async () => {
    plot.setAttribute("aria-label", live.data.summary)
    if (!live.data.traces.length) return say(live.data.empty)
    const Plotly = await library(live.data.base)
    if (live.gone) return
    live.plotly = Plotly
    if (!Plotly) return say(`${live.data.lost}\n${live.data.summary}`)
    say("")
    live.width = figure.clientWidth
    if (!live.width) return // not laid out yet; the observer calls again
    const look = (kept[live.data.key] ??= { ranges: {}, hidden: [] })
    const { traces, layout, config, stages } = picture(live.data, figure, look)
    figure.querySelector(".graft-live-stages").textContent = stages
    await Plotly.react(plot, traces, layout, config)
    if (!live.listening) {
      live.listening = true
      for (const event of ["plotly_relayout", "plotly_restyle", "plotly_update"]) plot.on(event, changed)
    }
    offerReset()
  }

  function changed() {
    const zoomed = AXES.filter((axis) => plot.layout[axis]?.autorange === false)
    kept[live.data.key] = {
      ranges: Object.fromEntries(zoomed.map((axis) => [axis, [...plot.layout[axis].range]])),
      hidden: plot.data.filter((curve) => curve.visible === "legendonly").map((curve) => curve.uid),
    }
    offerReset()
  }

  function offerReset() {
    button.hidden = !Object.keys(kept[live.data.key].ranges).length
  }

  function say(words) {
    if (note.textContent !== words) note.textContent = words
    plot.classList.toggle("away", words !== "")
    if (words) button.hidden = true
  }

  button.onclick = () => {
    const free = AXES.map((axis) => [`${axis}.autorange`, true])
    live.plotly.relayout(plot, Object.fromEntries(free))
  }

  live.ended = () => {
    live.gone = true
    live.plotly?.purge(plot)
  }
  return live
}

// One script for the whole page, and what it defined then: window.Plotly is another version as soon as Streamlit has
// loaded its own, and one version breaks on a node that the other drew. A failed attempt is repeated, not at every tick.
function library(base) {
  const last = window.graftPlotly
  if (last && (!last.failed || Date.now() - last.failed < RETRY_MS)) return last.promise
  const attempt = { failed: 0 }
  const places = [`${base ? `/${base}` : ""}/app/static/plotly.min.js`, "app/static/plotly.min.js"]
  attempt.promise = places
    .reduce((before, place) => before.then((found) => found || script(place)), Promise.resolve(null))
    .then((found) => {
      if (!found) attempt.failed = Date.now()
      return found
    })
  window.graftPlotly = attempt
  return attempt.promise
}

function script(place) {
  return new Promise((resolve) => {
    const tag = document.createElement("script")
    tag.src = new URL(place, document.baseURI).href
    tag.onload = () => resolve(window.Plotly ?? null)
    tag.onerror = () => resolve(null)
    document.head.append(tag)
  })
}

function picture(data, figure, look) {
  const css = getComputedStyle(figure)
  const value = (name) => css.getPropertyValue(`--st-${name}`).trim()
  const colors = palette(figure)
  const ink = value("text-color")
  const line = value("border-color")
  const narrow = figure.clientWidth < NARROW_PX
  const font = { family: value("font"), color: ink, size: 13 }
  const axis = {
    autorange: true, zeroline: false, automargin: true, tickfont: { size: 12 }, gridcolor: line, linecolor: line,
    rangemode: "tozero", title: { font: { size: 13 }, standoff: 8 },
  }
  const heading = (words, x, y) => ({
    text: `<b>${words}</b>`, x, y, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", yshift: 6,
    showarrow: false, font: { size: 14 },
  })
  const domains = data.single ? { x: [[0, 0.001], [0, 1]], y: [[0, 1], [0, 1]] } : narrow
    ? { x: [[0, 1], [0, 1]], y: [[0.58, 1], [0, 0.4]] }
    : { x: [[0, 0.475], [0.545, 1]], y: [[0, 1], [0, 1]] }
  // One panel has a curve a strategy, so its legend is long: it stands below, where it pushes nothing aside.
  const names = new Set(data.traces.map((trace) => trace.group)).size
  const below = data.single ? (narrow ? 30 * names : 30 * Math.ceil(names / 5)) : 0
  const thin = { color: "rgba(128, 134, 139, .75)", width: 1, dash: "dot" }
  const drawn = data.traces.filter((trace) => data.single || trace.panel === "loss")
  const px = (figure.clientWidth - 60) * (data.single || narrow ? 1 : domains.x[0][1])
  const marks = labelled(data.marks, Math.max(1, ...drawn.flatMap((trace) => trace.x)), px, font)
  const layout = {
    width: figure.clientWidth, height: (narrow && !data.single ? 560 : 340) + below - (data.single ? 30 : 0), font, hovermode: "closest",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 8, r: 12, t: data.single ? 36 : 66, b: 46 + below },
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    hoverlabel: { bgcolor: value("background-color"), bordercolor: line, font },
    legend: {
      orientation: narrow && data.single ? "v" : "h", x: 0, xanchor: "left", y: data.single ? 0 : 1, yref: "container",
      yanchor: data.single ? "bottom" : "top", font,
    },
    xaxis: {
      ...axis, showgrid: false, domain: domains.x[0], visible: !data.single,
      title: { ...axis.title, text: narrow ? "" : data.x_title },
    },
    xaxis2: {
      ...axis, showgrid: false, domain: domains.x[1], anchor: "y2", matches: "x",
      title: { ...axis.title, text: data.x_title },
    },
    yaxis: { ...axis, domain: domains.y[0], visible: !data.single },
    yaxis2: { ...axis, domain: domains.y[1], anchor: "x2", ticksuffix: " %" },
    annotations: [
      ...(data.single ? [] : [heading("Loss", domains.x[0][0], domains.y[0][1])]),
      heading(data.single || "Accuracy", domains.x[1][0], domains.y[1][1]),
      ...marks.map(({ x, text, anchor }) => ({
        text, x, xref: data.single ? "x2" : "x", y: domains.y[0][1], yref: "paper", xanchor: anchor, yanchor: "top",
        xshift: anchor === "left" ? 4 : -4, showarrow: false, font: { size: 12 },
      })),
    ],
    shapes: data.marks.flatMap(({ x }) =>
      (data.single ? ["2"] : ["", "2"]).map((panel) => ({
        type: "line", xref: `x${panel}`, yref: `y${panel} domain`, x0: x, x1: x, y0: 0, y1: 1, line: thin,
      })),
    ),
  }
  for (const [axis, range] of Object.entries(look.ranges)) Object.assign(layout[axis], { range: [...range], autorange: false })
  if (data.chance !== null) {
    const across = { xref: "x2 domain", yref: "y2" }
    layout.shapes.push({ type: "line", ...across, x0: 0, x1: 1, y0: data.chance, y1: data.chance, line: thin })
    layout.annotations.push({
      text: "guessing", ...across, x: 1, y: data.chance, xanchor: "right", yanchor: "bottom", showarrow: false,
      font: { size: 12 },
    })
  }
  const named = new Set()
  const traces = data.traces.map((trace) => {
    const first = !named.has(trace.group)
    named.add(trace.group)
    const drawn = curve(trace, { first, color: colors[trace.slot % colors.length], ink, x: data.x_title })
    return { ...drawn, visible: look.hidden.includes(trace.id) ? "legendonly" : true }
  })
  const stages = marks.filter(({ text, title }) => text !== title).map(({ number, title }) => `${number}: ${title}`)
  return {
    traces, layout, stages: stages.join(" · "),
    config: { displayModeBar: false, responsive: false, showTips: false, doubleClick: "autosize" },
  }
}

// What stands at each line: its title where that fits beside it, else its number, and then at every line.
function labelled(marks, most, px, font) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = `12px ${font.family}`
  const at = (x) => (x / most) * px
  const placed = marks.map((mark, i) => {
    const wide = pen.measureText(mark.title).width + 12
    const before = i ? at(marks[i - 1].x) : 0
    const after = i + 1 < marks.length ? at(marks[i + 1].x) : px
    if (wide <= after - at(mark.x)) return { ...mark, text: mark.title, anchor: "left" }
    const alone = marks.length === 1 && wide <= at(mark.x) - before
    return { ...mark, text: alone ? mark.title : "", anchor: alone ? "right" : "left" }
  })
  if (placed.every(({ text }) => text)) return placed
  return placed.map((mark) => ({ ...mark, text: `${mark.number}`, anchor: "left" }))
}

function curve({ id, name, group, panel, split, symbol, x, y }, { first, color, ink, x: unit }) {
  const second = panel === "accuracy"
  const looks = {
    training: {
      mode: x.length > 1 ? "lines" : "markers", opacity: 0.6, line: { color, width: 1.4, dash: x.length > 150 ? "3px,2px" : "dash" }, marker: { color, size: 5 },
    },
    validation: {
      mode: "lines+markers", line: { color, width: 2.4 }, marker: { color, symbol, size: 8, maxdisplayed: 40 },
    },
    ended: {
      mode: "lines+markers", opacity: 0.6, line: { color, width: 1.6 }, marker: { color, symbol, size: 6, maxdisplayed: 40 },
    },
    judge: { mode: "lines", opacity: 0.8, line: { color, width: 1.4, dash: "dot" } },
    best: { mode: "markers", marker: { color: ink, symbol: "circle-open", size: 15, line: { width: 1.8 } } },
  }
  return {
    type: "scatter", uid: id, name, legendgroup: group, showlegend: first, x, y,
    xaxis: second ? "x2" : "x", yaxis: second ? "y2" : "y", ...looks[split],
    hovertemplate: `<b>${name}</b><br>${unit} %{x}: %{y:${second ? ".1f" : ".4~g"}}${second ? " %" : ""}<extra></extra>`,
  }
}
