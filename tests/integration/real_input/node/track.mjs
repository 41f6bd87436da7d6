// Sends events, one JSON object a line on standard input, with the client that is named.
import { createInterface } from "node:readline";

const [client, host, writeKey] = process.argv.slice(2);
let failed = 0;
const report = (error) => {
  if (!error) return;
  failed += 1;
  console.error(error);
};

const clients = {
  async segment() {
    const { Analytics } = await import("@segment/analytics-node");
    return analytics(Analytics, { writeKey, host, flushAt: 5, maxRetries: 20 });
  },
  async customerio() {
    const { Analytics } = await import("@customerio/cdp-analytics-node");
    return analytics(Analytics, { writeKey, host, maxEventsInBatch: 5, maxRetries: 20 });
  },
  async rudderstack() {
    const { default: RudderAnalytics } = await import("@rudderstack/rudder-sdk-node");
    const made = new RudderAnalytics(writeKey, { dataPlaneUrl: host, flushAt: 5, errorHandler: report, axiosRetryConfig: { retries: 20 } });
    const sent = []; // it has no end of its own that waits for what is under way
    const track = (event) => sent.push(new Promise((done) => made.track(event, done)));
    const end = async () => {
      while (made.queue.length) await new Promise((done) => made.flush(done));
      (await Promise.all(sent)).forEach(report);
    };
    return { track, end };
  },
};

function analytics(Analytics, options) {
  const made = new Analytics(options);
  made.on("error", report);
  return { track: (event) => made.track(event), end: () => made.closeAndFlush({ timeout: 90000 }) };
}

const { track, end } = await clients[client]();
for await (const line of createInterface({ input: process.stdin })) {
  const event = JSON.parse(line);
  track({ ...event, timestamp: new Date(event.timestamp) });
}
await end();
process.exit(failed ? 1 : 0);
