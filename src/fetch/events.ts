/** Whether a file had to be fetched. */
export type Fetched = 'fetched' | 'present';

/** Called with the number of bytes received since the last call, and the total size if known. */
export type Heard = (bytes: number, total: number | undefined) => void;

/** An event for a file of a bundle: `path` below the bundle's folder, `from` a URL or an image reference. */
export type FetchEvent =
  | { readonly type: 'fetching'; readonly path: string; readonly from: string }
  | {
      readonly type: 'bytes';
      readonly path: string;
      readonly bytes: number;
      readonly total: number | undefined;
    }
  | { readonly type: Fetched; readonly path: string; readonly from: string; readonly size: number }
  | { readonly type: 'unfetched'; readonly path: string; readonly from: string; readonly message: string };

/** An event for an image of a bundle that goes to a registry: `image` is its reference in the bundle, `to` that in the registry. */
export type PushEvent =
  | { readonly type: 'pushing'; readonly image: string; readonly to: string }
  | {
      readonly type: 'bytes';
      readonly to: string;
      readonly bytes: number;
      readonly total: number;
    }
  | {
      readonly type: 'pushed';
      readonly image: string;
      readonly to: string;
      readonly digest: string;
      /** Of all layers, in bytes. */
      readonly size: number;
      /** Bytes of layers that the registry lacked; absent: it had the image. */
      readonly sent?: number;
    };
