// Draws the figures. Where Plotly is missing or cannot be unpacked nothing is drawn, and the tables that stand open in
// the page say the same.

const PRINT_PX = 688; // 182 mm, what A4 leaves between the margins
const HALF_PX = 335;
const CONFIG = { displayModeBar: false, doubleClick: "reset", showTips: false, responsive: false };
const plots = [...document.querySelectorAll("[data-figure]")];

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

function room(plot) {
  if (!printing) return plot.parentElement.clientWidth;
  return plot.closest(".two") ? HALF_PX : PRINT_PX;
}

function draw(plot) {
  plot.hidden = false;
  const width = Math.floor(room(plot));
  if (width < 50) return; // folded away
  const [traces, layout] = figures[plot.dataset.figure](look(), width);
  Plotly.react(plot, traces, layout, CONFIG);
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
