import { StreamState, YamuxStream } from "@chainsafe/libp2p-yamux/stream";

interface ReceiveWindow {
  state: StreamState;
  /** A window in bytes, as the sender knows it. */
  recvWindow: number;
  recvWindowCapacity: number;
}

const { sendWindowUpdate } = YamuxStream.prototype;

/**
 * yamux tells a sender after every frame that its window is whole again. That is an encrypted packet for each packet,
 * most of them for some hundred bytes of a window of megabytes. From here on it tells the sender once half of the
 * window is used, as yamux does in other languages.
 */
export function sendFewerWindowUpdates(): void {
  YamuxStream.prototype.sendWindowUpdate = function (this: YamuxStream) {
    const { state, recvWindow, recvWindowCapacity } = this as unknown as ReceiveWindow;
    // The first update of a stream says that it was accepted.
    if (state === StreamState.Established && recvWindowCapacity > recvWindow / 2) return;
    sendWindowUpdate.call(this);
  };
}
