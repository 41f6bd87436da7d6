/* The browser snippet of Contact Sheets, served as /t.js without its comments and indentation.

   docs/send-events.md says how a page includes it, and what each call and attribute does.

   An event is stored first, in localStorage under a key of its own, with the tab that sends it and a lease;
   it is removed once the collector has answered.  Another tab, or the next page, takes over what a page left
   when its lease has run out.  Where there is no localStorage, or no more room, events wait in memory. */
((w, d) => {
  const TRACKER = "sheets_tracker", USER = "sheets_user", CONSENT = "sheets_consent", FIRST = "sheets_first";
  const STORE = "sheets_queue:";
  // Milliseconds of a tab's claim on its events and of a request; seconds of the longest pause after a failure.
  const LEASE = 6e4, TIMEOUT = 3e4, LONGEST = 3600;
  // Characters in localStorage, events in memory, bytes and events of a request (the collector takes 500 KB).
  const ROOM = 1e6, MEMORY = 2000, BODY = 4e5, EVENTS = 200;
  // Browsers allow 64 KB in flight for a page that goes.
  const LAST_BODY = 6e4;
  const MAX_HELD = 100;
  const PLACEHOLDER = /^\s*(null|none|undefined|nan|0|unknown|anonymous|guest|.*{{.*|\[object.*)?\s*$/i;

  const warned = {};
  const warn = text => {
    if (!warned[text]) console.warn("Contact Sheets: " + text);
    warned[text] = 1;
  };
  const attempt = (action, otherwise) => {
    try { return action(); } catch (e) { return otherwise; }
  };
  const parsed = text => attempt(() => JSON.parse(text)) || {};
  const uid = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

  const waiting = w.sheets || [];
  if (waiting.ready) return warn("t.js is loaded twice");

  const tag = d.currentScript || d.querySelector("script[data-key],script[src*='/t.js']") ||
    {src: "x:", dataset: {}};
  const src = new URL(tag.src);
  const option = name => tag.dataset[name] || src.searchParams.get(name) || "";
  let key = option("key"), domain = option("domain").replace(/^\./, "");
  if (!/^wk_/.test(key)) {
    warn("nothing is sent: the key must be a write key (wk_…), never a secret one");
    key = "";
  }

  // Cookies.  `blind`: the browser keeps none, so that the page remembers in `jar`.
  const jar = {};
  let blind;
  const write = (name, value, scope) => attempt(() => {
    d.cookie = name + "=" + encodeURIComponent(value) + ";path=/;max-age=" + (value ? 31536000 : 0) + ";samesite=lax" +
      (scope ? ";domain=" + scope : "") + (location.protocol === "https:" ? ";secure" : "");
  });
  // A malformed cookie is as good as none.
  const read = name => attempt(() =>
    blind ? jar[name] : decodeURIComponent(d.cookie.match("(?:^|; )" + name + "=([^;]*)")[1])
  ) || "";
  // A cookie of the same name for this host, or for another domain above it, would shadow ours.
  const clearOthers = name => {
    const parts = location.hostname.split(".");
    for (let scope = ""; ; scope = parts.join("."), parts.shift()) {
      if (scope !== domain) write(name, "", scope);
      if (parts.length < 2) return;
    }
  };
  const keep = (name, value) => {
    jar[name] = value;
    clearOthers(name);
    write(name, value, domain);
    if (!value || read(name) === value) return;
    if (domain) {
      warn("data-domain " + domain + " is not a domain of " + location.hostname);
      domain = "";
      return keep(name, value);
    }
    blind = 1;
    warn("cookies are blocked: each page is a new visitor");
  };
  // The cookie of the domain in force goes before one that was set under another `data-domain`.
  const settle = name => {
    const before = read(name);
    clearOthers(name);
    keep(name, read(name) || before);
  };

  // The first visit: where it came from, kept with the tracker.
  let landing = {};
  ["campaign", "source", "medium", "term", "content", "id"].forEach((name, index) => {
    const value = new URLSearchParams(location.search).get("utm_" + name);
    if (value) (landing.campaign = landing.campaign || {})[index ? name : "name"] = value.slice(0, 60);
  });
  const from = "." + attempt(() => new URL(d.referrer).hostname, location.hostname);
  if (!from.endsWith("." + (domain || location.hostname)))
    landing.referrer = {url: d.referrer.split(/[?#]/)[0].slice(0, 300)};

  // Who is here, as the cookies say now: another tab may have signed out.
  let last;
  const signatures = {};
  const person = () => {
    if (!last) [TRACKER, USER, FIRST].forEach(settle);
    let tracker = read(TRACKER);
    if (!/^(?=.*\d)[\w.:-]{8,200}$/.test(tracker)) keep(TRACKER, tracker = uid());
    if (last && last !== tracker) landing = 0;
    return last = tracker;
  };
  const userNow = () => read(USER).replace(PLACEHOLDER, "");
  const allowed = () => {
    const consent = read(CONSENT);
    return key && (consent ? consent === "yes" : option("consent") !== "required" && !navigator.globalPrivacyControl);
  };

  // The queue: {o: the tab that sends it, u: until when, s: whether it was sent, e: the event} by id.
  const tab = uid(), memory = {};
  let stored = 0, counter = 0;
  const put = (id, record) => {
    const text = JSON.stringify(record);
    const done = attempt(() => {
      if (stored > ROOM) return;
      localStorage.setItem(STORE + id, text);
      return stored += text.length;
    });
    if (done) return;
    if (memory[id] || Object.keys(memory).length < MEMORY) memory[id] = text;
    else warn("too many events wait; new ones are dropped");
  };
  const get = id => parsed(memory[id] || attempt(() => localStorage.getItem(STORE + id)));
  const drop = id => {
    delete memory[id];
    attempt(() => localStorage.removeItem(STORE + id));
  };
  const ids = () => {
    const found = new Set(Object.keys(memory));
    stored = 0;
    attempt(() => Object.keys(localStorage).forEach(name => {
      if (!name.startsWith(STORE)) return;
      stored += localStorage.getItem(name).length;
      found.add(name.slice(STORE.length));
    }));
    return [...found].sort();
  };

  // Sending.
  let timer, sending, failures = 0, resume = 0, latest = 0;
  const schedule = wait => {
    clearTimeout(timer);
    timer = setTimeout(flush, wait);
  };
  // What is not confirmed when the page goes is sent once more, ahead of it; the next page sends it again if need be.
  const flush = leaving => {
    const now = Date.now(), batch = [];
    let size = 0, next = Infinity;
    if (!allowed() || sending && !leaving) return;
    if (now < resume && !leaving) return schedule(resume - now);
    ids().forEach(id => {
      const record = get(id), event = record.e;
      if (!event || event.messageId !== id) return drop(id);
      if (record.o === tab) {
        size += new Blob([JSON.stringify(event)]).size;
        if (batch[0] && (size > (leaving ? LAST_BODY : BODY) || batch.length >= EVENTS)) return;
        // A page that changes without loading gets its title after its address.
        if (!record.s && event.context.page.url === location.href) event.context.page.title = d.title;
        batch.push(event);
      } else if (record.u > now && record.u < now + 1e7) return next = Math.min(next, record.u);
      // Sent after a second look: if another tab claims it, too, the last one has it.
      else next = now + 500;
      record.o = tab;
      record.s = 1;
      record.u = now + (leaving ? 1e4 : LEASE);
      put(id, record);
    });
    if (batch[0]) post(batch, leaving);
    else if (next < Infinity) schedule(next - now + Math.random() * 500);
  };
  const post = (batch, leaving) => {
    // As plain text, with the key inside: so no browser asks first.
    const url = src.origin + "/v1/batch", sentAt = new Date(Math.max(Date.now(), latest)).toISOString();
    const body = JSON.stringify({writeKey: key, sentAt, batch});
    // A fetch names its page in Origin also under a strict Referrer-Policy, a beacon does not.
    if (leaving && !("keepalive" in Request.prototype) && navigator.sendBeacon)
      return navigator.sendBeacon(url, body);
    const retry = (reason, wait) => {
      const pause = Math.max(Math.min(LONGEST, wait || 0), Math.min(60, 2 ** failures++) / 2);
      resume = Date.now() + 1e3 * pause * (1 + Math.random() / 4);
      warn("the collector " + reason + "; events wait and are sent again");
      batch.forEach(({messageId}) => {
        const record = get(messageId);
        record.u = resume + LEASE;
        if (record.o === tab) put(messageId, record);
      });
    };
    sending = 1;
    fetch(url, {
      method: "POST", body, credentials: "omit", keepalive: leaving, signal: attempt(() => AbortSignal.timeout(TIMEOUT))
    }).then(answer => answer.text().catch(String).then(text => {
      const status = answer.status, after = answer.headers.get("Retry-After");
      if (status === 408 || status === 429 || status > 499)
        return retry("answers " + status, +after || (Date.parse(after) - Date.now()) / 1e3);
      failures = 0;
      batch.forEach(event => drop(event.messageId));
      (parsed(text).errors || (answer.ok ? [] : [{message: status}])).forEach(({index, field, message}) => {
        const event = batch[index] || {};
        warn("refused " + [event.event || event.type, field, message].join(" "));
      });
    }), () => retry("cannot be reached (offline, or blocked, as by a CSP)")).catch(warn).then(() => {
      sending = 0;
      flush();
    });
  };

  // Calls.  A call that had to wait for consent happened at its own `moment`.
  let held = [], previous = d.referrer;
  const moment = () => ({at: Date.now(), page: {
    url: location.href, path: location.pathname, title: d.title, referrer: previous, search: location.search
  }});
  const send = (event, {at, page}) => {
    const anonymousId = person(), user = userNow();
    let first = read(FIRST);
    if (!first && landing) keep(FIRST, first = JSON.stringify(landing));
    const messageId = (Date.now() * 1e3 + counter++ % 1e3).toString(36) + "-" + uid();
    latest = Math.max(at, latest + 1);
    put(messageId, {o: tab, u: Date.now() + LEASE, e: Object.assign(event, {
      messageId, anonymousId, userId: user || undefined, timestamp: new Date(latest).toISOString(),
      context: Object.assign({
        page, userAgent: navigator.userAgent, locale: navigator.language, library: {name: "t.js"},
        identity_signature: signatures[anonymousId + user]
      }, parsed(first))
    })});
    schedule(0);
  };
  const calls = {
    __proto__: null,
    page: (when, name, properties) => {
      if (typeof name !== "string") [name, properties] = [undefined, name];
      send({type: "page", name, properties: properties || {}}, when);
    },
    track: (when, event, properties) => {
      if (event) send({type: "track", event, properties: properties || {}}, when);
      else warn("track() needs an event");
    },
    identify: (when, id, traits, signature) => {
      const tracker = person();
      if (id && typeof id === "object")
        [id, traits, signature] = ["", id, typeof traits === "string" ? traits : signature];
      if (id && PLACEHOLDER.test(id)) id = warn("identify() got " + id);
      if (id) keep(USER, String(id));
      if (signature) signatures[tracker + userNow()] = signature;
      send({type: "identify", traits: traits || {}}, when);
    },
    reset: () => {
      forget();
      keep(TRACKER, last = uid());
    },
    consent: (when, given) => {
      const state = {true: "yes", granted: "yes", false: "no", denied: "no"}[given];
      if (!state) warn("consent() takes true or false");
      else if (state === "no") {
        held = [];
        ids().forEach(drop);
        forget();
      }
      if (state) keep(CONSENT, state);
      release();
    }
  };
  const forget = () => {
    landing = 0;
    [TRACKER, USER, FIRST].forEach(name => keep(name, ""));
  };
  const release = () => {
    if (allowed()) held.splice(0).forEach(call => run(...call));
    schedule(0);
  };
  // A call that fails must stop no other, and no script of the page.
  const run = (name, args, when = moment()) => {
    try {
      if (!calls[name]) warn("unknown call " + name);
      else if (name === "consent" || allowed()) {
        if (held[0] && name !== "consent") release();
        calls[name](when, ...args);
      } else if (!read(CONSENT) && held.length < MAX_HELD) held.push([name, args, when]);
    } catch (error) { warn(name + "() failed: " + error); }
  };
  const sheets = {ready: 1, push: (...list) => list.forEach(call => {
    if (call && typeof call === "object") run(call[0], [].slice.call(call, 1));
    else warn("push() takes a list");
  })};
  Object.keys(calls).forEach(name => sheets[name] = (...args) => run(name, args));

  // Pages that change without loading.
  let path, query, at = previous;
  const visit = replaced => {
    const before = [path, query];
    path = location.pathname + (/^#[!/]/.test(location.hash) ? location.hash : "");
    query = location.search;
    // Filters of a list rewrite the query of the page that is shown.
    if (path === before[0] && (replaced === true || query === before[1])) return;
    previous = at;
    at = location.href;
    sheets.page();
  };
  const start = () => {
    const on = (name, action) => w.addEventListener(name, action);
    w.sheets = sheets;
    if (option("pages") !== "manual") {
      visit();
      ["pushState", "replaceState"].forEach((name, index) => {
        const original = history[name];
        history[name] = (...args) => {
          original.apply(history, args);
          visit(index > 0);
        };
      });
      on("popstate", visit);
      on("pageshow", event => event.persisted && sheets.page());
    }
    on("pagehide", () => flush(true));
    on("online", () => schedule(resume = 0));
    d.addEventListener("visibilitychange", () => d.hidden && flush());
    sheets.push(...[].slice.call(waiting));
    waiting.push = sheets.push;
    schedule(0);
  };
  // A page that is fetched ahead of time was not visited yet.
  if (d.prerendering) d.addEventListener("prerenderingchange", start, {once: true});
  else start();
})(window, document);
