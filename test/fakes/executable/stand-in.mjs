// What runs in place of a faked program. It connects to the test and does as it is told, one order at a time; every
// order is answered, so that the test knows when it is done. It knows nothing of the program that it stands in for.
// Usage: stand-in.mjs SOCKET NAME [ARGUMENT…]
import { fstatSync, readFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';

const LOST = 97;
const [, , socketPath, name, ...args] = process.argv;

const orders = {
  write: ({ fd, text }) => writeAll(fd, Buffer.from(text, 'utf8')),
  // Read when asked for, not before: most programs are started without an input, or with an endless one.
  readInput: () => (fstatSync(0).isCharacterDevice() ? '' : readFileSync(0, 'utf8')),
  catchSignals: ({ signals }) => {
    for (const signal of signals) process.on(signal, () => send({ signal }));
  },
  exit: ({ exitCode }) => process.exit(exitCode),
};

const socket = connect(socketPath);
socket.setEncoding('utf8');
socket.on('connect', () =>
  send({ hello: { name, args, env: process.env, cwd: process.cwd(), pid: process.pid } }),
);
// A test that is over must leave nothing behind.
socket.on('error', lost);
socket.on('close', lost);

let pending = '';
socket.on('data', (text) => {
  const lines = (pending + text).split('\n');
  pending = lines.pop();
  for (const line of lines) {
    const { id, type, ...details } = JSON.parse(line);
    try {
      send({ done: id, result: orders[type](details) });
    } catch (error) {
      send({ done: id, error: error.message });
    }
  }
});

function send(message) {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** Waits for a reader that is slow, as a program of any other language does. */
function writeAll(fd, bytes) {
  for (let start = 0; start < bytes.length; ) {
    try {
      start += writeSync(fd, bytes, start);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function lost() {
  process.exit(LOST);
}
