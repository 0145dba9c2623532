// Stands in for QEMU: fake-qemu.mjs PLAN QEMU'S-ARGUMENTS. It has a monitor, a serial console and a port that leads to SSH,
// and no machine; PLAN (fake-machine.ts) says what would become of that.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [planFile, ...args] = process.argv.slice(2);
const {
  console: text,
  refuses,
  isSilent,
  afterGreeting,
  screenFailure,
} = JSON.parse(readFileSync(planFile, 'utf8'));
if (refuses !== undefined) end(refuses);

const [, serialLog] = /,path=(.*)/.exec(args.find((word) => word.startsWith('file,id=serial')));
const [, monitorSocket] = /^unix:([^,]+)/.exec(args.find((word) => word.startsWith('unix:')));
writeFileSync(serialLog, text ?? '');

const ssh = createServer((socket) => {
  socket.on('error', () => undefined);
  if (isSilent) return;
  socket.write('SSH-2.0-fake\r\n');
  setTimeout(() => {
    if (afterGreeting?.console !== undefined) appendFileSync(serialLog, afterGreeting.console);
    if (afterGreeting?.words !== undefined) end(afterGreeting.words);
  }, 300);
});
ssh.listen(0, '127.0.0.1', () => {
  createServer(serveMonitor).listen(monitorSocket);
});

function serveMonitor(socket) {
  const send = (message) => socket.write(`${JSON.stringify(message)}\n`);
  send({ QMP: { version: {}, capabilities: [] } });
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    for (const line of data.toString().trim().split('\n')) {
      const { execute, arguments: given, id } = JSON.parse(line);
      send({ ...answer(execute, given), id });
    }
  });
}

function answer(command, given) {
  switch (command) {
    case 'qmp_capabilities':
      return { return: {} };
    case 'human-monitor-command':
      return {
        return: `  TCP[HOST_FORWARD]   8       127.0.0.1 ${ssh.address().port}       10.0.2.15    22     0     0\r\n`,
      };
    case 'screendump':
      if (screenFailure !== undefined) return { error: { class: 'GenericError', desc: screenFailure } };
      writeFileSync(given.filename, '\x89PNG\r\n\x1a\n', 'latin1');
      return { return: {} };
    default:
      return { error: { class: 'CommandNotFound', desc: command } };
  }
}

function end(words) {
  process.stderr.write(`qemu-system-x86_64: ${words}\n`);
  process.exit(1);
}
