"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = new Map(data.tracks.map(track => [track.id, track]));
const switches = data.truth ? data.truth.switches : [];
const $ = name => document.getElementById(name);
const colour = id => `hsl(${(id * 137.508) % 360} 75% 60%)`;
let frame = 1, chosen = null, timer = null;

for (const track of data.tracks) {
  track.at = new Map(track.frames.map((number, i) => [number, track.boxes[i]]));
  track.first = track.frames[0];
  track.last = track.frames[track.frames.length - 1];
}

function svg(parent, name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function element(parent, name, text, attributes = {}) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}

const seconds = number => `${((number - 1) / data.rate).toFixed(1)} s`;

function facts() {
  const shown = [["frames", data.frames], ["tracks", data.tracks.length]];
  if (data.truth) {
    shown.push(["objects", data.truth.objects]);
    const percent = new Set(["HOTA", "DetA", "AssA", "IDF1", "MOTA", "MOTP"]);
    for (const [name, value] of Object.entries(data.truth.scores))
      shown.push([name, percent.has(name) ? (100 * value).toFixed(1) : value]);
  }
  for (const [parent, pairs] of [["facts", shown], ["about", Object.entries(data.about)]])
    for (const [name, value] of pairs) {
      const pair = element($(parent), "div");
      element(pair, "dt", name);
      element(pair, "dd", String(value));
    }
}

/* The scene: the nearest still with the boxes of its own frame, the paths. */
const stills = Object.keys(data.stills).map(Number).sort((a, b) => a - b);
const images = new Map();
const canvas = $("canvas"), pen = canvas.getContext("2d");
const scale = Math.max(1, 1280 / data.width);
canvas.width = data.width * scale;
canvas.height = data.height * scale;
pen.scale(scale, scale);

const nearestStill = number =>
  stills.reduce((best, one) => Math.abs(one - number) < Math.abs(best - number) ? one : best, stills[0]);
const pictured = number => stills.length ? nearestStill(number) : number;

function still(number) {
  if (!stills.length) return null;
  const nearest = nearestStill(number);
  if (!images.has(nearest)) {
    const image = new Image();
    image.onload = draw;
    image.src = data.stills[nearest];
    images.set(nearest, image);
  }
  return images.get(nearest);
}

function path(track, from, to) {
  pen.beginPath();
  let before = null;
  track.frames.forEach((number, i) => {
    if (number < from || number > to) return;
    const [x, y, w, h] = track.boxes[i];
    if (before !== null && number === before + 1) pen.lineTo(x + w / 2, y + h);
    else pen.moveTo(x + w / 2, y + h);
    before = number;
  });
  pen.stroke();
}

function draw() {
  const unit = Math.max(data.width, data.height) / 500;
  pen.clearRect(0, 0, data.width, data.height);
  const image = still(frame), drawn = pictured(frame);
  if (image && image.complete) pen.drawImage(image, 0, 0, data.width, data.height);
  for (const track of data.tracks) {
    const faded = chosen !== null && track.id !== chosen;
    pen.globalAlpha = faded ? 0.25 : 1;
    pen.strokeStyle = pen.fillStyle = colour(track.id);
    pen.lineWidth = unit * (track.id === chosen ? 2 : 1.2);
    if ($("everything").checked || track.id === chosen) path(track, 1, data.frames);
    else if ($("trails").checked && track.at.has(drawn)) path(track, drawn - data.rate * 2, drawn);
    const box = track.at.get(drawn);
    if (!box) continue;
    pen.strokeRect(...box);
    pen.font = `600 ${9 * unit}px system-ui, sans-serif`;
    const label = String(track.id), width = pen.measureText(label).width + 4 * unit;
    pen.fillRect(box[0], box[1] - 11 * unit, width, 11 * unit);
    pen.fillStyle = "#111";
    pen.fillText(label, box[0] + 2 * unit, box[1] - 2.5 * unit);
  }
  pen.globalAlpha = 1;
}

canvas.onclick = event => {
  const area = canvas.getBoundingClientRect();
  const x = (event.clientX - area.left) * data.width / area.width;
  const y = (event.clientY - area.top) * data.height / area.height;
  const drawn = pictured(frame);
  const hit = data.tracks.filter(track => {
    const box = track.at.get(drawn);
    return box && x >= box[0] && x <= box[0] + box[2] && y >= box[1] && y <= box[1] + box[3];
  }).sort((a, b) => a.at.get(drawn)[2] * a.at.get(drawn)[3] - b.at.get(drawn)[2] * b.at.get(drawn)[3]);
  choose(hit.length ? hit[0].id : null);
};

/* Time: a lane per track, and how many there are. */
const LEFT = 46, WIDTH = 1200, LANE = 16;
const place = number => LEFT + (number - 1) / Math.max(data.frames, 1) * (WIDTH - LEFT);

function axis(parent, height) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find(one => data.frames / one <= 12) || 10000;
  for (let number = step; number <= data.frames; number += step) {
    svg(parent, "line", {class: "grid", x1: place(number), x2: place(number), y1: 0, y2: height});
    svg(parent, "text", {x: place(number) + 2, y: height + 12}, number);
  }
}

function timeline() {
  const parent = $("timeline"), height = data.tracks.length * LANE;
  parent.setAttribute("viewBox", `0 0 ${WIDTH} ${height + 16}`);
  axis(parent, height);
  data.tracks.forEach((track, row) => {
    const lane = svg(parent, "g", {class: "lane", "data-track": track.id});
    const y = row * LANE;
    svg(lane, "rect", {class: "hit", x: 0, y, width: WIDTH, height: LANE});
    svg(lane, "text", {x: LEFT - 8, y: y + 12, "text-anchor": "end"}, track.id);
    let start = track.first;
    for (const [from, to] of [...track.gaps, [track.last + 1, null]]) {
      svg(lane, "rect", {class: "matched", x: place(start), y: y + 3, width: place(from) - place(start), height: LANE - 6, fill: colour(track.id)});
      if (to === null) break;
      svg(lane, "rect", {class: "gap", x: place(from), y: y + 5, width: place(to + 1) - place(from), height: LANE - 10, "data-from": from, "data-to": to});
      start = to + 1;
    }
    for (const [from, to] of track.interpolated)
      svg(lane, "rect", {class: "interpolated", x: place(from), y: y + 5, width: place(to + 1) - place(from), height: LANE - 10, fill: colour(track.id)});
    lane.onclick = event => { choose(track.id); go(frameAt(event, parent), false); };
  });
  const rows = new Map(data.tracks.map((track, row) => [track.id, row]));
  for (const one of switches) {
    const x = place(one.frame), y = rows.get(one.after) * LANE + LANE / 2;
    const mark = svg(parent, "path", {class: "switch-mark", "data-frame": one.frame, d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z`});
    svg(mark, "title", {}, `frame ${one.frame}: object ${one.object_id} goes from track ${one.before} to ${one.after}`);
    mark.onclick = () => { choose(one.after); go(one.frame); };
  }
  svg(parent, "line", {class: "now", id: "now", y1: 0, y2: height});
  $("switch-legend").hidden = !data.truth;
}

function frameAt(event, parent) {
  const area = parent.getBoundingClientRect();
  return 1 + ((event.clientX - area.left) * WIDTH / area.width - LEFT) / (WIDTH - LEFT) * data.frames;
}

function counts() {
  const parent = $("counts"), height = 120;
  const highest = Math.max(1, ...data.counts, ...(data.truth ? data.truth.counts : []));
  parent.setAttribute("viewBox", `0 0 ${WIDTH} ${height + 16}`);
  axis(parent, height);
  svg(parent, "text", {x: LEFT - 8, y: 10, "text-anchor": "end"}, highest);
  svg(parent, "text", {x: LEFT - 8, y: height, "text-anchor": "end"}, 0);
  const line = values => values.map((value, i) => `${i ? "L" : "M"}${place(i + 1).toFixed(1)} ${(height - value / highest * (height - 8)).toFixed(1)}`).join("");
  if (data.truth) svg(parent, "path", {class: "true", d: line(data.truth.counts)});
  svg(parent, "path", {class: "found", d: line(data.counts)});
  $("count-legend").textContent = data.truth ? "solid: tracks on each frame; dashed: objects in the ground truth" : "tracks on each frame";
  parent.onclick = event => go(frameAt(event, parent));
}

/* One track, and all of them. */
function detail() {
  const parent = $("detail");
  parent.replaceChildren();
  if (chosen === null) {
    element(parent, "p", "Click a track to see it.", {class: "hint"});
    const refused = data.refused[frame];
    if (refused) element(parent, "p", `Without a track on frame ${frame}: ${refused}`);
    return;
  }
  const track = byId.get(chosen);
  element(parent, "h2", `Track ${track.id}`);
  for (const [number, picture] of track.crops) {
    const image = element(parent, "img", undefined, {src: picture, alt: `frame ${number}`, title: `frame ${number}`});
    image.onclick = () => go(number);
  }
  const table = element(parent, "table");
  const row = (name, value) => { const line = element(table, "tr"); element(line, "td", name); element(line, "td", value); return line; };
  row("time", `frames ${track.first} to ${track.last} (${seconds(track.first)} to ${seconds(track.last)})`);
  row("boxes", `${track.frames.length}, mean confidence ${track.confidence}`);
  row("gaps", track.gaps.length ? track.gaps.map(([from, to]) => from === to ? from : `${from}–${to}`).join(", ") : "none");
  if (data.truth) {
    const own = switches.filter(one => one.before === track.id || one.after === track.id);
    row("ID switches", own.length ? "" : "none");
    for (const one of own)
      row(`frame ${one.frame}`, one.after === track.id ? `takes object ${one.object_id} over from track ${one.before}` : `loses object ${one.object_id} to track ${one.after}`).onclick = () => go(one.frame);
  }
  const why = Object.entries(track.why);
  if (why.length) {
    const here = track.why[frame];
    row("why", here || "nothing recorded on this frame").classList.add("why");
  }
}

function gallery() {
  for (const track of data.tracks) {
    const card = element($("gallery"), "button", undefined, {class: "card", type: "button", "data-track": track.id});
    const best = track.crops[Math.min(1, track.crops.length - 1)];
    if (best) element(card, "img", undefined, {src: best[1], alt: `track ${track.id}`});
    element(card, "b", track.id).style.background = colour(track.id);
    element(card, "span", ` ${track.first}–${track.last}`);
    card.onclick = () => { choose(track.id); if (!track.at.has(frame)) go(track.first); };
  }
}

function choose(id) {
  chosen = id === chosen ? null : id;
  for (const node of document.querySelectorAll("[data-track]"))
    node.classList.toggle("chosen", Number(node.dataset.track) === chosen);
  draw();
  detail();
}

function go(number) {
  frame = Math.min(data.frames, Math.max(1, Math.round(number)));
  $("frame").value = frame;
  const picture = pictured(frame) !== frame ? ` (shown: frame ${pictured(frame)} with its boxes)` : "";
  $("clock").textContent = `frame ${frame} of ${data.frames}, ${seconds(frame)}${picture}`;
  for (const name of ["x1", "x2"]) $("now").setAttribute(name, place(frame));
  draw();
  detail();
}

function play() {
  if (timer !== null) { clearInterval(timer); timer = null; }
  else timer = setInterval(() => go(frame >= data.frames ? 1 : frame + 1), Math.max(20, 1000 / data.rate));
  $("play").textContent = timer === null ? "▶" : "⏸";
}

$("frame").max = data.frames;
$("frame").oninput = event => go(Number(event.target.value));
$("play").onclick = play;
$("trails").onchange = $("everything").onchange = draw;
document.onkeydown = event => {
  if (event.target.tagName === "INPUT") return;
  if (event.key === "ArrowRight") go(frame + 1);
  if (event.key === "ArrowLeft") go(frame - 1);
  if (event.key === " ") { event.preventDefault(); play(); }
  if (event.key === "Escape") choose(null);
};
facts();
timeline();
counts();
gallery();
go(data.tracks[0].first);
