// Sends orders, one JSON object a line on standard input, with Segment's own client.
import { createInterface } from "node:readline";
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushAt: 100, maxRetries: 3 });
let failed = 0;
analytics.on("error", (error) => {
  failed += 1;
  console.error(error);
});
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  analytics.track({
    userId: order.customer,
    event: "Order Completed",
    messageId: order.id,
    timestamp: new Date(order.at),
    properties: { order_id: order.id, total: order.total, currency: "USD" },
  });
}
await analytics.closeAndFlush({ timeout: 60000 });
process.exit(failed ? 1 : 0);
