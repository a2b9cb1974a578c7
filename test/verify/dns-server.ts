import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import dns from 'dns-packet';

export type Reply =
  | { readonly answers: readonly dns.Answer[]; readonly rcode?: number }
  /** No answer. */
  | 'silent'
  /** Closes the connection. */
  | 'hang up'
  /** Half of the message, then closes the connection. */
  | 'half';

export interface DnsServer {
  readonly port: number;
  /** Every query as `TYPE NAME`. */
  readonly asked: string[];
  connect(): Promise<Duplex>;
  close(): void;
}

export const text = (...values: string[]): { answers: dns.Answer[] } => ({
  answers: values.map((value) => ({ type: 'TXT', name: 'verify', ttl: 0, data: [value] })),
});

/** A DNS server over TCP on loopback; it sends messages in small pieces. */
export async function startDns(reply: (question: dns.Question) => Reply): Promise<DnsServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const [question] = dns.streamDecode(data).questions ?? [];
      if (question === undefined) return;
      asked.push(`${question.type} ${question.name}`);
      const given = reply(question);
      if (given === 'silent') return;
      if (given === 'hang up') {
        socket.end();
        return;
      }
      const flags = given === 'half' ? 0 : (given.rcode ?? 0);
      const answers = given === 'half' ? text('half').answers : [...given.answers];
      const message = dns.streamEncode({ type: 'response', id: 1, flags, questions: [question], answers });
      if (given === 'half') socket.end(message.subarray(0, message.length / 2));
      else void inPieces(socket, message);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    connect: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, noDelay: true });
        socket.once('connect', () => {
          resolve(socket);
        });
        socket.once('error', reject);
      }),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The first byte alone: even the length arrives in two pieces. */
async function inPieces(socket: Socket, message: Buffer): Promise<void> {
  const middle = Math.ceil(message.length / 2);
  for (const [from, to] of [
    [0, 1],
    [1, middle],
    [middle, message.length],
  ]) {
    socket.write(message.subarray(from, to));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
