// What textual.js asks of its page, and what it leaves to it.
"use strict";
(() => {
  const terminal = document.getElementById("terminal");
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  // Letters are as large as leaves room for dlplay, which needs 60 x 16 of them.
  const fits = Math.floor(Math.min(innerWidth / 38, innerHeight / 22));
  const asked = parseInt(new URLSearchParams(location.search).get("fontsize"), 10);
  const size = asked || Math.min(Math.max(fits, 8), 16);
  terminal.dataset.sessionWebsocketUrl = `${scheme}//${location.host}/ws`;
  terminal.dataset.fontSize = Math.min(Math.max(size, 6), 48);

  const LONGEST = 262144; // bytes that the server takes at once

  const say = (id, text) => {
    document.getElementById(id).textContent = text;
  };
  let hiding = 0;
  const tell = (text) => {
    say("told", text);
    document.body.classList.add("-told");
    clearTimeout(hiding);
    hiding = setTimeout(() => document.body.classList.remove("-told"), 8000);
  };

  // Where there is no server, what was seen last stays.
  document.getElementById("again").addEventListener("click", async () => {
    try {
      await fetch("/page.js", { method: "HEAD" });
      location.reload();
    } catch {
      say("said", "The server cannot be reached. Perhaps it was ended; try again in a while.");
    }
  });

  const end = (reason) => {
    if (reason) say("said", reason);
    document.body.classList.add("-closed");
    document.getElementById("again").focus();
  };
  // The first words to the terminal only prepare it; what is drawn is longer.
  const drawn = ({ data }) => {
    if (data.byteLength > 100) document.body.classList.add("-drawn");
  };
  const type = () => document.querySelector(".xterm-helper-textarea")?.focus();

  // Keys are heard at once, and the server says why it closes.
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      this.addEventListener("open", type);
      this.addEventListener("message", drawn);
      this.addEventListener("close", (event) => end(event.reason));
    }

    // Only what is pasted can be so long.
    send(data) {
      const bytes = new Blob([data]).size;
      if (bytes <= LONGEST) return super.send(data);
      const had = Math.ceil(bytes / 1024).toLocaleString("en");
      tell(`Not pasted: it has ${had} KB, and ${LONGEST / 1024} KB is the most at once.`);
    }
  };

  // A file is saved, not opened: a window would be blocked when the key was long ago.
  const open = window.open.bind(window);
  window.open = (url, ...how) => {
    if (!String(url).startsWith(`${location.origin}/download/`)) return open(url, ...how);
    const link = document.createElement("a");
    link.href = url;
    link.download = "";
    link.click();
    return null;
  };

  // Without https and from another machine there is no clipboard but the old one.
  if (!navigator.clipboard) {
    const writeText = async (text) => {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      type();
    };
    Object.defineProperty(navigator, "clipboard", {
      value: { writeText, readText: async () => "" },
    });
  }

  // Cells are measured once: the font must be there.
  const begin = window.onload;
  window.onload = async (event) => {
    const fonts = ["", "bold ", "italic "].map((kind) => `${kind}16px "Roboto Mono"`);
    await Promise.allSettled(fonts.map((font) => document.fonts.load(font)));
    try {
      begin(event);
    } catch (error) {
      end(`This browser cannot show dlplay: ${error.message}`);
    }
  };
})();
