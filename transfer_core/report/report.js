"use strict";
// Draws the figures that the page carries, in the colours of its theme. Where Plotly is missing or cannot be unpacked
// nothing is drawn, and the tables that stand open in the page say the same.

const { figures, themes, template, ...options } = JSON.parse(document.getElementById("drawings").textContent);
const PRINT_PX = 688; // 182 mm, what A4 leaves between the margins
const HALF_PX = 335;
const NARROW_PX = 560; // below, labels are placed for a phone
const WIDEST_PX = { depth: 720, reliability: 640 };
const PRINTED = { curves: 0.75, reliability: 0.8, approaches: 0.75, depth: 0.75 }; // of the height
const PRINTED_ROWS = 0.87;
const CONFIG = { displayModeBar: false, doubleClick: "reset", showTips: false, responsive: false };
const FONT = getComputedStyle(document.body).fontFamily;
const plots = [...document.querySelectorAll("[data-figure]")];
const hidden = new Set(); // runs that the reader has switched off
let training = options.training; // whether curves of training images are drawn; of many runs they are too much
let printing = false;

async function unpacked() {
  const packed = document.getElementById("plotly").textContent;
  if (!packed || !("DecompressionStream" in window)) return false;
  const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
  return "Plotly" in window;
}

// A copy with colours in place of their tokens, which stand under names that end in "color".
function painted(value, colors) {
  if (Array.isArray(value)) return value.map((each) => painted(each, colors));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => {
    if (!name.endsWith("color")) return [name, painted(each, colors)];
    return [name, Array.isArray(each) ? each.map((one) => colors[one] ?? one) : colors[each] ?? each];
  }));
}

function room(plot) {
  if (!printing) return plot.parentElement.clientWidth;
  return plot.closest(".two") ? HALF_PX : PRINT_PX;
}

function draw(plot) {
  plot.hidden = false;
  const name = plot.dataset.figure;
  const width = Math.min(Math.floor(room(plot)), WIDEST_PX[name] ?? Infinity);
  if (width < 50) return; // folded away
  const dark = !printing && matchMedia("(prefers-color-scheme: dark)").matches;
  const own = (width < NARROW_PX && figures[`${name} narrow`]) || figures[name];
  const { data, layout } = painted({ ...own, layout: { ...own.layout, template } }, themes[dark ? "dark" : "light"]);
  const seen = data.filter((trace) => !hidden.has(trace.legendgroup) && (training || trace.meta !== "train"));
  Plotly.react(plot, seen, {
    ...layout, width, height: Math.round((printing ? PRINTED[name] ?? PRINTED_ROWS : 1) * layout.height), autosize: false,
    font: { ...layout.font, family: FONT },
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", // a finger that drags scrolls the page
  }, CONFIG);
}

const drawAll = () => plots.forEach(draw);

function print(begins) {
  printing = begins;
  for (const fold of document.querySelectorAll("details.printed")) {
    if (begins) fold.dataset.was = fold.open ? "open" : "";
    fold.open = begins || fold.dataset.was === "open";
  }
  drawAll();
}

function listen() {
  let waiting;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (printing || innerWidth === width) return; // a phone's bars come and go
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  const unfolded = (event) => event.target.open && event.target.querySelectorAll("[data-figure]").forEach(draw);
  document.addEventListener("toggle", unfolded, true);
  for (const button of document.querySelectorAll(".key button")) {
    button.disabled = false;
    button.title = "Hide or show its curves";
    button.addEventListener("click", () => {
      const run = button.dataset.run;
      if (!hidden.delete(run)) hidden.add(run);
      button.setAttribute("aria-pressed", String(!hidden.has(run)));
      plots.filter((plot) => ["curves", "reliability"].includes(plot.dataset.figure)).forEach(draw);
    });
  }
}

// A button above the curves that adds those of the training images.
function offerTraining() {
  const plot = plots.find((one) => one.dataset.figure === "curves");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "switch screen";
  button.textContent = "Training curves";
  button.setAttribute("aria-pressed", String(training));
  button.addEventListener("click", () => {
    training = !training;
    button.setAttribute("aria-pressed", String(training));
    draw(plot);
  });
  plot.before(button);
}

async function start() {
  const numbers = [...document.querySelectorAll("details.numbers")];
  const fold = (open) => numbers.forEach((table) => { table.open = open; });
  fold(false);
  try {
    await document.fonts.ready;
    if (!(await unpacked())) throw new Error("no Plotly");
    drawAll();
    listen();
    offerTraining();
    document.documentElement.dataset.drawn = "yes";
  } catch (error) {
    plots.forEach((plot) => { plot.hidden = true; });
    fold(true);
    document.documentElement.dataset.drawn = "no";
  }
}

start();
