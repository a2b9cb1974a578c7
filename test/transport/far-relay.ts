import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line of some milliseconds to a port of this machine. */
export interface FarRelay {
  readonly port: number;
  /** Round trips of each connection so far: the longest chain of data that answers data. */
  roundTrips(): readonly number[];
  stop(): void;
}

/** Opens a line. Its handshakes take no time. */
export async function farRelay(port: number, oneWayMs = 15): Promise<FarRelay> {
  const sockets = new Set<Socket>();
  const chains: { client: number; server: number }[] = [];
  const server = createServer({ noDelay: true }, (client) => {
    const chain = { client: 0, server: 0 };
    chains.push(chain);
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    carry(
      client,
      far,
      () => chain.client,
      (length) => (chain.server = Math.max(chain.server, length)),
    );
    carry(
      far,
      client,
      () => chain.server + 1,
      (length) => (chain.client = Math.max(chain.client, length)),
    );
    for (const socket of [client, far]) sockets.add(socket);
  });
  function carry(from: Socket, to: Socket, length: () => number, arrives: (length: number) => void): void {
    const later = (perform: () => void): void => void setTimeout(perform, oneWayMs);
    from.on('data', (chunk) => {
      const reached = length();
      later(() => {
        arrives(reached);
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
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    roundTrips: () => chains.map(({ client }) => client),
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
