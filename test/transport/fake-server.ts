import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';

export interface FakeServer {
  readonly port: number;
  readonly hostKey: string;
  /** Every command, as the client sent it. */
  readonly commands: string[];
  /** Every authentication method that a client tried. */
  readonly methods: string[];
  stop(): void;
}

interface Behaviour {
  readonly auth?: (context: AuthContext) => void;
  /** Never answers a request for a channel, nor one on a channel; the connection stays alive. */
  readonly silent?: boolean;
  readonly exec?: (command: string, channel: ServerChannel, client: Connection) => void;
}

/** An SSH server inside the test process, for faults that a real sshd cannot be made to produce. */
export async function fakeServer(behaviour: Behaviour): Promise<FakeServer> {
  const keys = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const commands: string[] = [];
  const methods: string[] = [];
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      methods.push(context.method);
      if (behaviour.auth === undefined) context.accept();
      else behaviour.auth(context);
    });
    if (behaviour.silent === true) client.on('tcpip', () => undefined);
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, info) => {
        commands.push(info.command);
        if (behaviour.silent === true) return;
        const channel = acceptExec();
        channel.on('error', () => undefined);
        behaviour.exec?.(info.command, channel, client);
      });
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: keys.public.split(' ').slice(0, 2).join(' '),
    commands,
    methods,
    stop() {
      server.close();
      for (const client of clients) client.end();
    },
  };
}
