import { KbootError } from '../model/error.ts';

/** E-PROBE for what was thrown while a host's answer was read: a KbootError as it is, anything else as its cause. */
export function unreadable(host: string, cause: unknown): KbootError {
  if (cause instanceof KbootError) return cause;
  return new KbootError('E-PROBE', 'what the host answered cannot be understood', {
    host,
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy:
      'Nothing was changed. Check what answers on this host; if it is in order, this is a bug in kboot: report it with the output of --verbose.',
    cause,
  });
}
