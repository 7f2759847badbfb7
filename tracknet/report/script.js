"use strict";
// What moves on the page: a trajectory tells of the frame under the pointer, a card plays its clip.
// Pointer, finger and keyboard reach both.

const SAID = {
  TP: "found", FP1: "in a wrong place", FP2: "false: no ball there", FN: "missed",
  TN: "no ball, none seen", UNSCORED: "unlabelled",
};
const tip = document.getElementById("tip");

function hideTip() {
  tip.hidden = true;
  document.querySelectorAll(".pointed").forEach((path) => path.setAttribute("d", ""));
}

function lines(values, n) {
  const px = (xy) => `${xy[0].toFixed(1)}, ${xy[1].toFixed(1)} px`;
  const { [n]: label } = values.label, { [n]: ball } = values.ball;
  const said = [`Frame ${n}: ${SAID[values.outcome[n]]}`];
  if (label) said.push(`Label ${px(label)}`);
  if (ball) {
    const filled = values.source[n] === "detected" ? "" : ` (${values.source[n]})`;
    said.push(`Prediction ${px(ball)}${filled}`);
  }
  const score = values.score[n] === null ? "" : `score ${values.score[n].toFixed(2)}`;
  const error = values.error[n] === null ? "" : `error ${values.error[n].toFixed(1)} px`;
  const last = [error, score].filter(Boolean).join(", ");
  if (last) said.push(last[0].toUpperCase() + last.slice(1));
  return said;
}

for (const run of document.querySelectorAll(".run")) {
  const values = JSON.parse(run.querySelector("script").textContent);
  const plots = [...run.querySelectorAll("svg")], frames = values.outcome.length;
  const scroller = run.querySelector(".scroll");
  let at = 0;

  function show(n, y) {
    hideTip();
    at = Math.max(0, Math.min(frames - 1, n));
    for (const svg of plots) {
      svg.querySelector(".pointed").setAttribute("d", `M${at} 0V${svg.viewBox.baseVal.height}`);
    }
    tip.replaceChildren(...lines(values, at).map((line) => {
      const row = document.createElement("span");
      row.textContent = line;
      return row;
    }));
    tip.hidden = false;
    const box = plots[0].getBoundingClientRect(), width = document.documentElement.clientWidth;
    const x = box.left + (box.width * (at + 0.5)) / frames, own = tip.getBoundingClientRect();
    const left = x + 14 + own.width < width ? x + 14 : x - 14 - own.width;
    tip.style.left = `${Math.max(4, Math.min(left, width - own.width - 4))}px`;
    tip.style.top = `${Math.max(4, (y ?? box.bottom) - own.height - 8)}px`;
  }

  function pointed(event) {
    const box = event.currentTarget.getBoundingClientRect();
    show(Math.floor((frames * (event.clientX - box.left)) / box.width), event.clientY);
  }

  for (const svg of plots) {
    svg.addEventListener("pointermove", pointed);
    svg.addEventListener("pointerdown", pointed);
    // A finger that is lifted leaves as well: what it pointed at stays to be read.
    svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideTip());
  }
  run.addEventListener("focus", () => run.matches(":focus-visible") && show(at));
  run.addEventListener("blur", hideTip);
  run.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 1;
    const next = {
      ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: frames - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const way = scroller.scrollWidth - scroller.clientWidth;
    scroller.scrollLeft = (way * Math.max(0, Math.min(next, frames - 1))) / Math.max(1, frames - 1);
    show(next);
  });
}
addEventListener("scroll", hideTip, { passive: true });
addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
addEventListener("pointerdown", (event) => event.target.closest(".run svg") || hideTip());

// Not as a data: address, which Safari does not play.
for (const clip of document.querySelectorAll(".clip")) {
  let video = null;

  function play() {
    if (video) return;
    const bytes = Uint8Array.from(atob(clip.dataset.mp4), (letter) => letter.charCodeAt(0));
    video = document.createElement("video");
    Object.assign(video, { muted: true, loop: true, playsInline: true });
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    video.defaultPlaybackRate = video.playbackRate = 0.5;
    clip.append(video);
    video.play().catch(() => {});  // it was left before it began
  }

  function stop() {
    if (!video) return;
    URL.revokeObjectURL(video.src);
    video.remove();
    video = null;
  }

  clip.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && play());
  clip.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && stop());
  clip.addEventListener("click", play);
  clip.addEventListener("focus", () => clip.matches(":focus-visible") && play());
  clip.addEventListener("blur", stop);
}
