import type http from 'node:http';
import { KbootError } from '../model/error.ts';

/** KbootError E-ETCD about the member on a host; `response`: what it answered. */
export function etcdError(
  name: string,
  message: string,
  response?: http.IncomingMessage,
  cause?: Error,
): KbootError {
  const httpStatus = response?.statusCode;
  return new KbootError('E-ETCD', `etcd on ${name}: ${message}`, {
    host: name,
    ...(cause !== undefined && { cause }),
    ...(httpStatus !== undefined && { httpStatus }),
  });
}
