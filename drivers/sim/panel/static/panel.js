// The panel's hands and eyes: presses become verbs, states become the page. Nothing is kept here.

const words = JSON.parse(document.body.dataset.words);
const byId = id => document.getElementById(id);
const pause = ms => new Promise(done => setTimeout(done, ms));
const seen = () => document.hidden
  ? new Promise(done => document.addEventListener("visibilitychange", done, { once: true })) : null;

let hush = 0;
function say(text) {
  byId("said").textContent = text;
  byId("said").hidden = false;
  clearTimeout(hush);
  hush = setTimeout(() => { byId("said").hidden = true; }, 4000);
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (!answer.ok) {
      const trouble = await answer.json().catch(() => ({}));
      say(trouble.message || trouble.error || answer.statusText);
    }
    return answer.ok;
  } catch (trouble) {
    say(String(trouble));
    return false;
  }
}

// Presses

document.addEventListener("click", event => {
  const button = event.target.closest("[data-do]");
  if (button) post("/twins/" + button.dataset.do, JSON.parse(button.dataset.say || "{}"));
});

document.addEventListener("change", event => {
  const path = event.target.dataset.switch;
  if (path) post("/twins/" + path, { on: event.target.checked });
});

document.addEventListener("submit", event => {
  event.preventDefault();
  const form = event.target;
  if (form.id === "any") {
    post("/twins/scanner/show", { code: form.elements.code.value });
    return;
  }
  const said = {};     // an empty field says nothing: the device's own choice
  for (const input of form.querySelectorAll("input")) {
    if (input.type === "checkbox") said[input.name] = input.checked;
    else if (input.value !== "") said[input.name] = input.type === "number" ? Number(input.value) : input.value;
  }
  post("/twins/" + form.dataset.verb, said);
});

// Devices

function bad(state) {
  return ["silent", "split", "duplicate", "self_test_failed", "power_off", "slow_ms", "garble", "garbage",
          "echo", "timeout_frames"].some(key => state[key]) || state.truncate !== null || state.online === false;
}

// What every device has, and its faults show.
const common = new Set(["silent", "slow_ms", "split", "gap_ms", "garble", "garbage", "duplicate", "truncate", "echo",
                        "plugged", "url"]);

function health(output, state) {
  const trouble = bad(state);
  output.textContent = !state.plugged ? words.unplugged : trouble ? words.trouble : words.well;
  output.className = trouble || !state.plugged ? "bad" : "";
}

function lie(state) {
  const slot = byId("lying"), hint = slot.dataset.hint ?? (slot.dataset.hint = slot.textContent);
  byId("lift").disabled = !state.card;
  const key = state.card ? state.number : "";
  if (slot.dataset.key === key) return;
  slot.dataset.key = key;
  if (!state.card) {
    slot.textContent = hint;
    return;
  }
  const drawn = [...document.querySelectorAll(".cards .card")]
    .find(card => card.querySelector("code").textContent === state.number);
  const card = document.createElement("div");
  card.className = drawn ? drawn.className : "card";
  if (drawn) card.append(...[...drawn.children].map(child => child.cloneNode(true)));
  else card.textContent = state.card;
  slot.replaceChildren(card);
}

function paper(name, label, fresh) {
  const link = document.createElement("a"), picture = document.createElement("img");
  link.href = `/tickets/${name}.json`;
  link.target = "_blank";
  link.className = fresh ? "new" : "";
  link.dataset.paper = name;
  picture.src = `/tickets/${name}.png`;
  picture.alt = label;
  link.append(picture);
  return link;
}

let count = null;
function print(state) {
  const tray = byId("tickets");
  if (count === null || state.tickets !== count) {
    const first = count === null ? Math.max(1, state.tickets - 9) : count + 1;
    for (let n = first; n <= state.tickets; n++) {
      tray.querySelectorAll("p").forEach(p => p.remove());
      tray.prepend(paper(n, `#${n}`, count !== null));
    }
    count = state.tickets;
  }
  let hanging = tray.querySelector("[data-paper=hanging]");
  if (!state.hanging) {
    hanging?.remove();
    return;
  }
  if (!hanging) {
    tray.querySelectorAll("p").forEach(p => p.remove());
    hanging = paper("hanging", words.hanging, false);
  }
  const address = `/tickets/hanging.png?${state.paper_mm}`;
  if (!hanging.firstChild.src.endsWith(address)) hanging.firstChild.src = address;
  tray.prepend(hanging);
}

function show(twins) {
  for (const [device, state] of Object.entries(twins)) {
    health(document.querySelector(`#${device} h2 output`), state);
    health(document.querySelector(`details[data-device=${device}] output`), state);
    document.querySelectorAll(`[data-switch^="${device}/"]`).forEach(box => {
      box.checked = Boolean(state[box.dataset.switch.split("/")[1]]);
    });
    const own = document.querySelector(`#${device} > pre`);
    if (own) own.textContent = Object.entries(state).filter(([key]) => !common.has(key))
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join("\n");
  }
  if (twins.idcard) lie(twins.idcard);
  if (twins.printer) print(twins.printer);
}

async function watch() {
  let mark = "";
  for (;;) {
    try {
      await seen();
      const news = await (await fetch("/twins?since=" + mark)).json();
      mark = news.mark;
      show(news.twins);
    } catch {
      mark = "";
      await pause(1000);
    }
    await pause(80);
  }
}

// The kiosk's screen

const picture = byId("screen");

async function look() {
  let mark = "", address = "";
  for (;;) {
    await seen();
    const room = picture.closest("section").clientWidth;
    const width = Math.round(Math.min(1080, room * (devicePixelRatio || 1)));
    try {
      const answer = await fetch("/screen.jpg?w=" + width, { headers: mark ? { "If-None-Match": mark } : {},
                                                             cache: "no-store" });
      byId("dark").hidden = answer.status === 200 || answer.status === 304;
      if (answer.status === 200) {
        mark = answer.headers.get("ETag");
        const fresh = URL.createObjectURL(await answer.blob());
        picture.src = fresh;
        await picture.decode().catch(() => {});
        if (address) URL.revokeObjectURL(address);
        address = fresh;
      } else if (answer.status !== 304) {
        await pause(1000);
      }
    } catch {
      byId("dark").hidden = false;
      await pause(1000);
    }
    await pause(200);
  }
}

if (picture) {
  let order = Promise.resolve(), moved = 0;
  const touch = (event, phase) => {
    const frame = picture.getBoundingClientRect(), inside = value => Math.min(1, Math.max(0, value));
    const at = { x: inside((event.clientX - frame.left) / frame.width),
                 y: inside((event.clientY - frame.top) / frame.height), phase };
    order = order.then(() => post("/screen/touch", at));
  };
  picture.addEventListener("pointerdown", event => {
    picture.setPointerCapture(event.pointerId);
    touch(event, "down");
  });
  picture.addEventListener("pointermove", event => {
    if (!picture.hasPointerCapture(event.pointerId) || event.timeStamp - moved < 50) return;
    moved = event.timeStamp;
    touch(event, "move");
  });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, event => touch(event, "up"));
  look();
}

// The phone

function made(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function order(entry) {
  const item = made("li", "", ""), row = made("div", "row", "");
  const button = (name, act) => {
    const press = made("button", name, words[act]);
    press.onclick = () => post("/phone/" + act, { out_trade_no: entry.order_no });
    return press;
  };
  row.append(button("", "refuse"), button("", "late"));
  item.append(made("span", "", entry.description), made("strong", "", "￥" + (entry.amount / 100).toFixed(2)),
              button("pay", "pay"), row);
  return item;
}

// A payer's code is good once: every press shows a fresh one to the scanner.
for (const button of document.querySelectorAll("[data-payer]")) {
  button.onclick = () => {
    const digits = crypto.getRandomValues(new Uint8Array(16)).map(byte => byte % 10).join("");
    post("/twins/scanner/show", { code: button.dataset.payer + digits });
  };
}

async function ring() {
  let last = "";
  for (;;) {
    await seen();
    try {
      const answer = await fetch("/phone/orders");
      const orders = answer.ok ? (await answer.json()).filter(entry => entry.payable) : null;
      const text = JSON.stringify(orders);
      if (text !== last) {
        last = text;
        byId("orders").replaceChildren(...(orders || []).map(order));
        const hint = byId("nothing"), nothing = hint.dataset.text ?? (hint.dataset.text = hint.textContent);
        hint.textContent = orders ? nothing : words.away;
        hint.hidden = Boolean(orders && orders.length);
      }
    } catch { /* the bench is gone: watch() goes on asking for it */ }
    await pause(700);
  }
}

watch();
if (byId("phone")) ring();
