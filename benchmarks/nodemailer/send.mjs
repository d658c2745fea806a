// Nodemailer's pool, with DKIM where the task asks for it: open, warm up, measure, print JSON.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const task = JSON.parse(process.argv[2]);
const nodemailer = createRequire(process.argv[3])("nodemailer");
const contents = JSON.parse(readFileSync(`${task.folder}/contents.json`, "utf8"));
const document = task.attachment ? readFileSync(`${task.folder}/document.pdf`) : null;

const transport = nodemailer.createTransport({
  pool: true,
  host: task.host,
  port: task.port,
  secure: false,
  ignoreTLS: true,
  name: "localhost",
  maxConnections: task.connections,
  maxMessages: Infinity,
  disableFileAccess: true,
  disableUrlAccess: true,
  ...(task.signed && {
    dkim: {
      domainName: "shop.example",
      keySelector: "s2026",
      privateKey: readFileSync(`${task.folder}/${task.algorithm}.pem`, "utf8"),
    },
  }),
});

let number = 0;

function message() {
  const content = contents[number % contents.length];
  number += 1;
  return {
    from: { name: "Example Shop", address: "orders@shop.example" },
    to: `customer-${number}@example.org`,
    subject: content.subject,
    text: content.text,
    html: content.html,
    ...(task.textEncoding && { textEncoding: task.textEncoding }),
    ...(document && {
      attachments: [{ filename: "Rechnung.pdf", content: document, contentType: "application/pdf" }],
    }),
  };
}

// As many at a time as keep every connection busy; the pool queues the rest.
async function work(seconds, most) {
  const ends = performance.now() + 1000 * seconds;
  let handedOut = 0;
  let count = 0;
  async function worker() {
    while (performance.now() < ends && (!most || handedOut < most)) {
      handedOut += 1;
      const answer = await transport.sendMail(message());
      if (answer.accepted.length !== 1) throw new Error(`not accepted: ${answer.response}`);
      count += 1;
    }
  }
  await Promise.all(Array.from({ length: task.connections * 2 }, worker));
  return count;
}

if (task.warm) await work(task.warm, 0);
const cpuBefore = process.cpuUsage();
const began = performance.now();
const count = await work(task.seconds, task.most);
const seconds = (performance.now() - began) / 1000;
const used = process.cpuUsage(cpuBefore);
// Linux counts what stood here before exec, the parent's memory, into maxRSS, but not into VmHWM.
const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
console.log(
  JSON.stringify({
    count,
    seconds,
    cpu: (used.user + used.system) / 1e6,
    rss: 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS),
  }),
);
transport.close();
