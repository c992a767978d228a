// Countdown chips. The server says what is left at an instant and when the calendar is open from then on; the browser only counts
// down through these intervals and stands still outside them. It never reckons business time itself.
(() => {
  const AMBER = 0.75;
  const chips = new Map();

  const read = (element) => ({
    at: Number(element.dataset.at),
    left: Number(element.dataset.left),
    total: Number(element.dataset.total),
    open: JSON.parse(element.dataset.open),
    anchor: performance.now(), // not the browser's clock, which may be wrong
    text: element.querySelector(".chip-left"),
    bar: element.querySelector("progress"),
  });

  const openSeconds = (intervals, from, to) =>
    intervals.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);

  const words = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    if (minutes < 60) return `${minutes} min`;
    return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  };

  const resumes = (instant, now) => {
    const date = new Date(instant * 1000);
    const zone = { timeZone: document.documentElement.dataset.timezone || "UTC" };
    const day = (d) => new Intl.DateTimeFormat("en-CA", zone).format(d);
    const time = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit" }).format(date);
    if (day(date) === day(new Date(now * 1000))) return `resumes ${time}`;
    return `resumes ${new Intl.DateTimeFormat("en-GB", { ...zone, weekday: "short" }).format(date)} ${time}`;
  };

  const state = (left, total, isOpen) => {
    if (left < 0) return "is-missed";
    if (!isOpen) return "is-still";
    return total - left >= total * AMBER ? "is-warn" : "is-good";
  };

  const draw = (element, chip) => {
    const now = chip.at + (performance.now() - chip.anchor) / 1000;
    const left = chip.left - openSeconds(chip.open, chip.at, now);
    const isOpen = chip.open.some(([start, end]) => start <= now && now < end);
    const next = chip.open.find(([start]) => start > now);
    element.classList.remove("is-still", "is-good", "is-warn", "is-missed");
    element.classList.add(state(left, chip.total, isOpen));
    if (left < 0) chip.text.textContent = `${words(-left)} late`;
    else if (!isOpen && next) chip.text.textContent = resumes(next[0], now);
    else chip.text.textContent = `${words(left)} left`;
    chip.bar.value = Math.min(chip.total, Math.max(0, chip.total - left));
  };

  const tick = () => chips.forEach((chip, element) => (element.isConnected ? draw(element, chip) : chips.delete(element)));

  const find = (root) => {
    root.querySelectorAll(".chip[data-open]").forEach((element) => chips.has(element) || chips.set(element, read(element)));
    tick();
  };

  document.addEventListener("DOMContentLoaded", () => find(document));
  document.addEventListener("htmx:load", (event) => find(event.target.parentElement || document));
  window.setInterval(tick, 1000);
})();
