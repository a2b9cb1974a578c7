import type { Duplex } from 'node:stream';
import dns from 'dns-packet';

export interface DnsQuestion {
  readonly name: string;
  readonly type: 'TXT' | 'A' | 'AAAA';
}

export interface DnsAnswer {
  /** `NOERROR`, `SERVFAIL`, … */
  readonly status: string;
  /** Texts or addresses, in the order of the message. */
  readonly values: readonly string[];
  /** Size of the whole message. */
  readonly bytes: number;
}

/**
 * Sends one query over a stream to a DNS server, as DNS over TCP does: two bytes of length, then the message
 * (RFC 1035 4.2.2). Rejects if the stream ends before the answer is complete. Has no timeout.
 */
export async function askDns(stream: Duplex, question: DnsQuestion): Promise<DnsAnswer> {
  stream.write(
    dns.streamEncode({ type: 'query', id: 1, flags: dns.RECURSION_DESIRED, questions: [{ ...question }] }),
  );
  let seen = Buffer.alloc(0);
  for await (const chunk of stream) {
    seen = Buffer.concat([seen, chunk as Buffer]);
    // streamDecode requires the two length bytes.
    if (seen.length < 2 || seen.length < seen.readUInt16BE(0) + 2) continue;
    return answerOf(seen);
  }
  throw new Error('the connection ended before the answer was complete');
}

function answerOf(message: Buffer): DnsAnswer {
  const packet = dns.streamDecode(message);
  // The types omit the fields that decoding adds.
  const { rcode } = packet as typeof packet & { readonly rcode: string };
  const values = (packet.answers ?? []).flatMap((answer) => {
    if (answer.type === 'A' || answer.type === 'AAAA') return [answer.data];
    if (answer.type === 'TXT') return [[answer.data].flat().map(String).join('')];
    return [];
  });
  return { status: rcode, values, bytes: message.length };
}
