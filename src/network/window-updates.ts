import { StreamState, YamuxStream } from "@chainsafe/libp2p-yamux/stream";

interface ReceiveWindow {
  state: StreamState;
  /** Bytes, as the sender knows them. */
  recvWindow: number;
  recvWindowCapacity: number;
}

const { sendWindowUpdate } = YamuxStream.prototype;

/**
 * yamux tells a sender after every frame that its window is whole again: a packet for each packet, encrypted, most of them after
 * some hundred bytes of megabytes. From here on it tells it once half of the window is used, as yamux does in other languages.
 */
export function sendFewerWindowUpdates(): void {
  YamuxStream.prototype.sendWindowUpdate = function (this: YamuxStream) {
    const { state, recvWindow, recvWindowCapacity } = this as unknown as ReceiveWindow;
    // The first one of a stream says that it was accepted.
    if (state === StreamState.Established && recvWindowCapacity > recvWindow / 2) return;
    sendWindowUpdate.call(this);
  };
}
