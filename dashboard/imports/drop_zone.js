// A file goes to the server as it is read, so that its size does not matter to the browser.
const MB = 1024 * 1024;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".drop");
  const [zone, input, going, bar, name, how, stop, problem] = [
    ".zone", "input", ".going", "progress", ".going b", ".how", "button", ".problem",
  ].map((selector) => root.querySelector(selector));
  root.address = data.address;

  const say = (words) => {
    problem.textContent = words;
    problem.hidden = !words;
  };
  const show = (sending) => {
    zone.hidden = sending;
    going.hidden = !sending;
  };

  const left = (sent, total, began) => {
    const seconds = Math.ceil(((Date.now() - began) / 1000 / sent) * (total - sent));
    return seconds < 5 ? "" : seconds < 90 ? ` · about ${seconds} s left` : ` · about ${Math.round(seconds / 60)} min left`;
  };
  const size = (bytes) => (bytes < MB ? `${Math.ceil(bytes / 1024)} KB` : `${Math.round(bytes / MB)} MB`);

  const send = (file) => {
    if (!file || root.request) return;
    if (!file.size) return say(`${file.name} is empty.`);
    if (file.size > data.most) return say(`${file.name} is larger than ${data.limit}. Compress it as .gz, split it, or use “sheets import” on the server.`);
    say("");
    const request = (root.request = new XMLHttpRequest()), began = Date.now();
    const over = (words) => {
      root.request = null;
      input.value = "";
      if (words !== null) { show(false); say(words); }
    };
    request.open("PUT", `${root.address}?name=${encodeURIComponent(file.name)}`);
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = loaded / total;
      how.textContent = loaded < total ? `${size(loaded)} of ${size(total)}${left(loaded, total, began)}` : "Uploaded. Reading the file…";
    };
    request.onload = () => {
      if (request.status === 200) {
        over(null);
        setTriggerValue("sent", { id: root.address, at: Date.now() });
        return;
      }
      let words = "The upload failed. Reload the page and try again.";
      try { words = JSON.parse(request.response).problem; } catch { /* a proxy's own page */ }
      over(request.status === 413 && !words ? "The file is larger than the server accepts." : words);
    };
    request.onerror = () => over("The connection was lost during the upload. Try again.");
    request.onabort = () => over("");
    name.textContent = file.name;
    how.textContent = size(file.size);
    bar.value = 0;
    show(true);
    request.send(file);
  };

  input.onchange = () => send(input.files[0]);
  stop.onclick = () => root.request && root.request.abort();
  zone.ondragover = (event) => { event.preventDefault(); zone.classList.add("over"); };
  zone.ondragleave = () => zone.classList.remove("over");
  zone.ondrop = (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length > 1) return say("Drop one file at a time. To import a folder, use “sheets import FOLDER” on the server.");
    send(event.dataTransfer.files[0]);
  };
}
