"use strict";
// The figures of a report: from the values that the page carries to Plotly's traces and layout. Runs before report.js.

const values = JSON.parse(document.getElementById("values").textContent);
const FONT = getComputedStyle(document.body).fontFamily;
const ROW_PX = 46; // a run with its name above it
const hidden = new Set(); // runs that the reader has switched off
let training = values.runs.length <= 4; // whether curves of training images are drawn; of many runs they are too much
let printing = false;

// --- what all figures share ---

function look() {
  const dark = !printing && matchMedia("(prefers-color-scheme: dark)").matches;
  const greys = dark
    ? { soft: "#b3bbb9", grid: "#222d2b", neutral: "#7c8684" }
    : { soft: "#4a5452", grid: "#e9efee", neutral: "#8a9391" };
  return { ...values.looks[dark ? "dark" : "light"], ...greys };
}

function paper(theme, width, height, { xaxis = {}, yaxis = {}, ...more }) {
  const axis = (own) => ({
    color: theme.soft, gridcolor: theme.grid, linecolor: theme.line, zeroline: false, automargin: true,
    tickfont: { size: 12.5 }, ...own, title: { font: { size: 13, color: theme.soft }, standoff: 10, ...own.title },
  });
  const font = { family: FONT, color: theme.ink, size: 13.5 };
  return {
    width, height, font, autosize: false, showlegend: false, hovermode: "closest",
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", // a finger that drags scrolls the page
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 8, r: 12, t: 10, b: 44 },
    hoverlabel: { bgcolor: theme.paper, bordercolor: theme.line, font, align: "left" },
    xaxis: axis(xaxis), yaxis: axis(yaxis), ...more,
  };
}

const HOVER = "%{hovertext}<extra></extra>";
const ranked = [...values.runs].sort((a, b) => b.accuracy - a.accuracy);
const shown = () => values.runs.filter((run) => !hidden.has(run.id));
const named = (run) => (run.id === values.choice ? `<b>${run.title}</b>` : run.title);
const signed = (value) => (value < -0.05 ? "−" : value > 0.05 ? "+" : "") + Math.abs(value).toFixed(1);
const rowPx = () => (printing ? 0.87 * ROW_PX : ROW_PX);

function points(theme, run, size) {
  const color = theme.strategies[run.slot];
  return {
    mode: "markers", hoverinfo: "text", hovertemplate: HOVER, cliponaxis: false,
    marker: { color, symbol: run.symbol, size, line: { color, width: 1.5 } },
  };
}

function whiskers(color, up, down, thickness = 2) {
  return { type: "data", symmetric: false, array: up, arrayminus: down, color, thickness, width: 5 };
}

function note(text, more) {
  return { text, showarrow: false, xanchor: "left", align: "left", font: { size: 13.5 }, ...more };
}

function padded(low, high, share) {
  const pad = share * (high - low) || 1;
  return [low - pad, high + pad];
}

function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const TIMES = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400,
];

function moment(seconds) {
  const [unit, length] = seconds >= 3600 ? ["h", 3600] : seconds >= 60 ? ["min", 60] : ["s", 1];
  return `${+(seconds / length).toPrecision(3)}\u202f${unit}`;
}

// A time axis with round moments; logarithmic where the longest is over ten times the shortest.
function timeAxis(low, high, width, title) {
  const log = high > 10 * low;
  const range = log ? padded(Math.log10(low), Math.log10(high), 0.06) : [0, high * 1.08];
  const [from, to] = log ? range.map((end) => 10 ** end) : range;
  const most = Math.max(3, Math.floor(width / 90));
  const step = TIMES.find((time) => to / time <= most) ?? to / most;
  const even = Array.from({ length: Math.floor(to / step) + 1 }, (_, i) => i * step);
  const round = TIMES.filter((time) => time >= from && time <= to);
  const ticks = log ? round.filter((_, i) => i % Math.ceil(round.length / most) === 0) : even;
  return {
    type: log ? "log" : "linear", range, showgrid: false, tickvals: ticks, ticktext: ticks.map(moment),
    title: { text: title + (log ? ", logarithmic" : "") },
  };
}

// Rows of runs, each with its name above it, its interval and its figure in words behind it.
function rows(theme, width, title, from, to, marks, shapes) {
  const top = -0.75;
  const bottom = ranked.length - 0.45;
  const names = ranked.map((run, y) => note(named(run), { x: 0, xref: "paper", y, yshift: rowPx() * 0.37 }));
  const [, end] = padded(from, to, 60 / width + 0.02); // room for the words behind the longest
  return paper(theme, width, rowPx() * ranked.length + 64, {
    xaxis: { range: [from, end], title: { text: title } },
    yaxis: { range: [bottom, top], showticklabels: false, showgrid: false },
    annotations: [...names, ...marks],
    shapes: shapes.map((shape) => ({ y0: top, y1: bottom, layer: "below", ...shape })),
  });
}

// --- the figures: (theme, width) -> traces and layout ---

const figures = {
  forest(theme, width) {
    const traces = ranked.map((run, y) => ({
      ...points(theme, run, 11), x: [run.accuracy], y: [y], hovertext: [run.hover],
      error_x: whiskers(theme.strategies[run.slot], [run.high - run.accuracy], [run.accuracy - run.low]),
    }));
    const low = Math.min(values.chance, ...ranked.map((run) => run.low));
    const high = Math.max(...ranked.map((run) => run.high));
    const words = ranked.map(({ accuracy, high: x }, y) => (
      note(`<b>${accuracy.toFixed(1)}\u202f%</b>`, { x, y, xshift: 8 })
    ));
    const line = { color: theme.neutral, width: 1.5 };
    const strokes = ranked.map((_, y) => ({
      type: "line", x0: values.chance, x1: values.chance, y0: y - 0.16, y1: y + 0.3, line,
    }));
    const from = Math.max(0, low - 0.04 * (high - low));
    return [traces, rows(theme, width, "Test accuracy, %", from, high, words, strokes)];
  },

  versus(theme, width) {
    const others = ranked.map((run, y) => ({ run, y, ...run.versus })).filter(({ run }) => run.versus);
    const traces = others.map(({ run, y, value, low, high, sure, hover }) => ({
      ...points(theme, run, 11), x: [value], y: [y], opacity: sure ? 1 : 0.5,
      hovertext: [`<b>${run.title}</b><br>${hover}`],
      error_x: whiskers(theme.strategies[run.slot], [high - value], [value - low]),
    }));
    const ends = [0, values.worth, ...others.flatMap(({ low, high }) => [low, high])];
    const [from] = padded(Math.min(...ends), Math.max(...ends), 0.04);
    const words = ranked.map((run, y) => {
      if (!run.versus) return note("chosen", { x: 0, y, xshift: 8, font: { size: 13.5, color: theme.soft } });
      const { value, high, sure } = run.versus;
      return note(sure ? `<b>${signed(value)}</b>` : signed(value), { x: high, y, xshift: 8 });
    });
    const band = { type: "rect", x0: -values.worth, x1: values.worth, line: { width: 0 } };
    const shapes = [
      { ...band, fillcolor: theme.neutral, opacity: 0.16 },
      { type: "line", x0: 0, x1: 0, line: { color: theme.neutral, width: 1.5 } },
    ];
    return [traces, rows(theme, width, "Difference, points", from, Math.max(...ends), words, shapes)];
  },

  time(theme, width) {
    const times = values.runs.map((run) => run.seconds);
    const xaxis = timeAxis(Math.min(...times), Math.max(...times), width, "Training time");
    const [lows, highs] = ["low", "high"].map((end) => values.runs.map((run) => run[end]));
    const [low, high] = padded(Math.min(...lows), Math.max(...highs), 0.06);
    const height = printing ? 290 : Math.round(Math.min(460, Math.max(360, width * 0.5)));
    const front = values.front.map((id) => values.runs.find((run) => run.id === id));
    const line = {
      x: front.map((run) => run.seconds), y: front.map((run) => run.accuracy), mode: "lines", hoverinfo: "skip",
      line: { shape: "hv", color: theme.neutral, width: 1.5 },
    };
    const traces = values.runs.map((run) => ({
      ...points(theme, run, 12), x: [run.seconds], y: [run.accuracy], hovertext: [run.hover],
      error_y: whiskers(theme.strategies[run.slot], [run.high - run.accuracy], [run.accuracy - run.low], 1.5),
    }));

    const inner = [width - 62, height - 54]; // of the plot, for placing labels
    const at = (seconds) => (xaxis.type === "log" ? Math.log10(seconds) : seconds);
    const across = (seconds) => ((at(seconds) - xaxis.range[0]) / (xaxis.range[1] - xaxis.range[0])) * inner[0];
    const up = (accuracy) => ((accuracy - low) / (high - low)) * inner[1];
    const spots = values.runs.map((run) => {
      const half = up((run.high - run.low) / 2 + low) + 6;
      return { run, at: at(run.seconds), x: across(run.seconds), y: up(run.accuracy), half };
    });
    const steps = front.slice(1).flatMap((run, i) => {
      const [left, right] = [across(front[i].seconds), across(run.seconds)];
      const [bottom, top] = [up(front[i].accuracy), up(run.accuracy)];
      return [[left, bottom - 2, right, bottom + 2], [right - 2, bottom, right + 2, top]];
    });
    return [[line, ...traces], paper(theme, width, height, {
      xaxis, annotations: placed(spots, steps, inner),
      yaxis: { range: [low, Math.min(high, 101)], title: { text: "Test accuracy, %" } },
    })];
  },

  curves(theme, width) {
    const ends = values.runs.flatMap((run) => Object.values(run.curves).flatMap(([x]) => [x[0], x.at(-1)]));
    const [first, last] = [Math.max(0.05, Math.min(...ends)), Math.max(0.1, ...ends)];
    const xaxis = timeAxis(first, last, width, "Time since the run began");
    const traces = [];
    for (const [quantity, axes] of [["accuracy", {}], ["loss", { xaxis: "x2", yaxis: "y2" }]]) {
      for (const split of training ? ["train", "val"] : ["val"]) {
        const known = shown().filter((run) => run.curves[`${split}_${quantity}`]);
        traces.push(...known.map((run) => ({ ...curve(theme, run, split, quantity), ...axes })));
      }
    }
    const losses = values.runs.flatMap((run) => run.curves.val_loss?.[1] ?? []).filter((loss) => loss !== null);
    const height = printing ? 430 : Math.round(Math.min(620, Math.max(520, width * 0.62)));
    const layout = paper(theme, width, height, {
      xaxis: { ...xaxis, showticklabels: false, title: { text: "" }, anchor: "y", matches: "x2" },
      yaxis: { domain: [0.54, 1], title: { text: "Accuracy, %" } },
    });
    const { title } = layout.yaxis;
    layout.xaxis2 = {
      ...layout.xaxis, showticklabels: true, anchor: "y2", matches: undefined,
      title: { ...title, text: xaxis.title.text },
    };
    layout.yaxis2 = {
      ...layout.yaxis, domain: [0, 0.46], anchor: "x2", title: { ...title, text: "Loss" },
      range: losses.length ? [0, 1.08 * quantile(losses, 0.98)] : undefined, // one wild loss does not flatten the rest
    };
    return [traces, layout];
  },

  reliability(theme, width) {
    const line = { color: theme.neutral, width: 1.5, dash: "dot" };
    const traces = [{ x: [0, 100], y: [0, 100], mode: "lines", line, hoverinfo: "skip" }];
    const order = shown().sort((a, b) => (a.id === values.choice) - (b.id === values.choice)); // the choice on top
    for (const run of order) {
      const { x, y, up, down, hover } = run.reliability;
      const chosen = run.id === values.choice;
      const color = theme.strategies[run.slot];
      traces.push({
        ...points(theme, run, chosen ? 10 : 5), x, y, mode: "lines+markers", opacity: chosen ? 1 : 0.5,
        line: { color, width: chosen ? 2.4 : 1.3 }, hovertext: hover,
        error_y: chosen ? whiskers(color, up, down, 1.5) : { visible: false },
      });
    }
    const side = Math.min(width, 560);
    return [traces, paper(theme, side, Math.round(side * 0.86), {
      xaxis: { range: [0, 101], title: { text: "Mean confidence, %" } },
      yaxis: { range: [-2, 102], title: { text: "Right, %" } },
    })];
  },

  approaches(theme, width) {
    const known = values.approaches.filter((approach) => approach.images.length);
    const ticks = [...new Set(known.flatMap((approach) => approach.images))].sort((a, b) => a - b);
    const log = ticks.at(-1) > 5 * ticks[0];
    const at = (images) => (log ? Math.log10(images) : images);
    const best = Math.max(...known.map((approach) => approach.accuracy.at(-1)));
    const traces = known.map((approach) => ({
      x: approach.images, y: approach.accuracy, mode: "lines+markers", cliponaxis: false,
      line: { color: theme.soft, width: 1.6, dash: approach.tunes ? "solid" : "dash" },
      marker: { symbol: approach.symbols, color: approach.slots.map((slot) => theme.strategies[slot]), size: 11 },
      error_y: whiskers(theme.soft, approach.up, approach.down, 1.2), hovertext: approach.hover, hovertemplate: HOVER,
    }));
    const labels = known.map(({ name, images, accuracy, up, down }) => {
      const last = accuracy.at(-1);
      const above = last === best;
      return note(name, {
        x: at(images.at(-1)), y: last + (above ? up.at(-1) : -down.at(-1)), xanchor: "right", xshift: 14,
        yanchor: above ? "bottom" : "top", yshift: above ? 2 : -2,
      });
    });
    const height = printing ? 220 : Math.round(Math.min(380, Math.max(300, width * 0.42)));
    return [traces, paper(theme, width, height, {
      xaxis: {
        type: log ? "log" : "linear", range: padded(at(ticks[0]), at(ticks.at(-1)), 0.08), showgrid: false,
        tickvals: ticks, ticktext: ticks.map((n) => n.toLocaleString("en")), title: { text: "Training images" },
      },
      yaxis: { title: { text: "Test accuracy, %" } }, annotations: labels,
    })];
  },

  depth(theme, width) {
    const { taps, accuracy, up, down, hover } = values.depth;
    const traces = [{
      x: taps, y: accuracy, mode: "lines+markers", line: { color: theme.accent, width: 2.2 }, cliponaxis: false,
      marker: { size: 9, color: theme.accent }, error_y: whiskers(theme.accent, up, down, 1.5),
      hovertext: hover, hovertemplate: HOVER,
    }];
    return [traces, paper(theme, Math.min(width, 720), printing ? 200 : 300, {
      xaxis: { type: "category", title: { text: "Layer, from the input on" }, showgrid: false },
      yaxis: { title: { text: "Accuracy, %" } },
    })];
  },
};

function curve(theme, run, split, quantity) {
  const [x, y] = run.curves[`${split}_${quantity}`];
  const validation = split === "val";
  const said = `${validation ? "validation" : "training"}<br>%{x:.1f} s: %{y:.4~g}${quantity === "loss" ? "" : " %"}`;
  const { marker } = points(theme, run, 8);
  return {
    x, y, opacity: validation ? 1 : 0.55, mode: validation || x.length < 2 ? "lines+markers" : "lines",
    line: { color: marker.color, width: validation ? 2.2 : 1.4, dash: validation ? "solid" : "dash" },
    marker: { ...marker, maxdisplayed: 10 }, hovertemplate: `<b>${run.title}</b>, ${said}<extra></extra>`,
  };
}

// --- labels beside points ---

const ruler = document.createElement("canvas").getContext("2d");

function textWidth(text) {
  ruler.font = `13.5px ${FONT}`;
  return ruler.measureText(new DOMParser().parseFromString(text, "text/html").body.textContent).width;
}

function overlap([l, b, r, t], [L, B, R, T]) {
  return Math.max(0, Math.min(r, R) - Math.max(l, L)) * Math.max(0, Math.min(t, T) - Math.max(b, B));
}

// Where each label stands so that none covers another point, label or piece of the front, as far as that goes.
function placed(spots, front, [wide, high]) {
  const taken = [...spots.map(({ x, y, half }) => [x - 8, y - half, x + 8, y + half]), ...front];
  const area = ([l, b, r, t]) => (r - l) * (t - b);
  return [...spots].sort((a, b) => b.y - a.y).map(({ run, at, x, y, half }) => {
    const long = textWidth(run.short);
    const options = [
      ["left", "middle", 12, 0], ["left", "bottom", 10, 4], ["right", "middle", -12, 0], ["right", "bottom", -10, 4],
      ["left", "top", 10, -4], ["right", "top", -10, -4], ["center", "bottom", 0, half], ["center", "top", 0, -half],
      ["left", "bottom", -8, half], ["left", "top", -8, -half],
    ].map(([xanchor, yanchor, xshift, yshift]) => {
      const left = x + xshift - { left: 0, center: long / 2, right: long }[xanchor];
      const bottom = y + yshift - { bottom: 0, middle: 9, top: 18 }[yanchor];
      const box = [left, bottom, left + long, bottom + 18];
      const outside = area(box) - overlap(box, [0, 0, wide, high]);
      const cost = taken.reduce((sum, other) => sum + overlap(box, other), 4 * outside);
      return { place: { xanchor, yanchor, xshift, yshift }, box, cost };
    });
    const best = options.reduce((one, other) => (other.cost < one.cost - 1 ? other : one));
    taken.push(best.box);
    return note(run.short, { x: at, y: run.accuracy, ...best.place });
  });
}
