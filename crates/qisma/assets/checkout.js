// Improves the payer's pages where scripts run: a live countdown, and a reload as soon as the
// payment moves on in another window. Every page works the same without it.
(() => {
  "use strict";

  const { status, state, page } = document.body.dataset;
  const reload = () => location.replace(page || location.pathname + location.search);

  const clock = (seconds) => {
    const two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(seconds / 60);
    const tail = two(seconds % 60);
    if (minutes < 60) return minutes + ":" + tail;
    return Math.floor(minutes / 60) + ":" + two(minutes % 60) + ":" + tail;
  };

  // Counts against the wall clock, because timers stand still while a phone sleeps.
  const countDown = (seconds, show, end) => {
    const until = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      show(left);
      if (left > 0) setTimeout(tick, 500);
      else end();
    };
    tick();
  };

  const timer = document.querySelector("[data-seconds-left]");
  if (timer && page && Number(timer.dataset.secondsLeft) > 0) {
    const announcer = document.querySelector("[data-last-minute]");
    const total = Number(timer.dataset.secondsLeft);
    const show = (left) => {
      timer.textContent = clock(left);
      timer.closest(".time-left").classList.toggle("time-short", left <= 60);
      // Said once, and only by a page that saw the minute begin.
      if (left === 60 && total > 60 && !announcer.textContent) announcer.textContent = announcer.dataset.lastMinute;
    };
    // A moment late, so that the server too sees the time as over.
    countDown(total, show, () => setTimeout(reload, 1500));
  }

  const wait = document.querySelector("[data-wait-seconds]");
  if (wait) {
    const button = wait.parentElement.querySelector("button");
    const number = wait.querySelector("bdi");
    button.disabled = true;
    countDown(Number(wait.dataset.waitSeconds), (left) => { number.textContent = clock(left); }, () => {
      button.disabled = false;
      wait.hidden = true;
    });
  }

  // Not every browser draws the initials over an image that did not load.
  const image = document.querySelector(".mark img");
  const drop = () => image.remove();
  if (image && image.complete && image.naturalWidth === 0) drop();
  else if (image) image.addEventListener("error", drop);

  // A second press of the same button sends nothing. The server would refuse it anyway.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });

  // A page that the browser kept for its Back button may show a state that is over.
  addEventListener("pageshow", (event) => {
    if (event.persisted) reload();
  });

  if (!status) return;
  let pause = 5000;
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(status, { cache: "no-store", headers: { accept: "application/json" } });
        if (!answer.ok) throw new Error("status " + answer.status);
        const now = await answer.json();
        pause = 5000;
        if (typeof now.state === "string" && now.state !== state) return reload();
      } catch {
        // The gateway is away or asks for patience: look less often.
        pause = Math.min(pause * 2, 60000);
      }
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
})();
