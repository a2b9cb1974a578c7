import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

// Runs inside a lab's bridge namespace: slow-relay.ts LISTEN_PORT HOST PORT SOURCE_ADDRESS ROUND_TRIP_MS
const [listen = '', host = '', port = '', localAddress = '', roundTrip = ''] = process.argv.slice(2);
const oneWayMs = Number(roundTrip) / 2;

// Its parent has the other end: the relay exits when the parent does.
process.stdin.on('end', () => process.exit()).resume();

createServer({ noDelay: true }, (client) => {
  // The client's handshake was instant; on a long line it takes one round trip.
  const ready = Date.now() + 2 * oneWayMs;
  const server = connect({ host, port: Number(port), localAddress, noDelay: true });
  delayLine(client, server, ready);
  delayLine(server, client, ready);
}).listen(Number(listen), '0.0.0.0', () => process.stdout.write('ready\n'));

/** Forwards data of `from`, its end, or its failure, in order and with the one-way delay. */
function delayLine(from: Socket, to: Socket, notBefore: number): void {
  const later = (perform: () => void): void => {
    setTimeout(perform, Math.max(Date.now(), notBefore) + oneWayMs - Date.now());
  };
  from.on('data', (chunk) => {
    later(() => {
      if (!to.destroyed) to.write(chunk);
    });
  });
  from.on('end', () => {
    later(() => to.end());
  });
  from.on('error', () => {
    later(() => to.destroy());
  });
}
