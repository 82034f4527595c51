import { expect, test } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import { type FrameHeader, frameFlags, frameTypes } from "../../../src/network/frames.ts";
import {
  Intake,
  type IntakeSource,
  intakeLimits,
  unitsOfPing,
  unitsOfStream,
} from "../../../src/network/intake.ts";
import { FrameMeter, maxEarlyBytes, maxUnreadAnswers } from "../../../src/network/muxer.ts";
import { ManualClock } from "../support/clock.ts";

const { perPeer, perHost } = intakeLimits;
/** The bytes that a peer alone at its address may send at once. */
const share = perPeer.requests + perHost.requests;
const from = (peer: string, address: string, isExempt = false): IntakeSource => ({
  peer,
  place: placeOf(`/ip4/${address}/tcp/1`),
  isExempt,
});
const flooder = from("flooder", "192.0.2.1");
const neighbour = from("neighbour", "192.0.2.1");
const other = from("other", "192.0.2.2");

/** Uses up the share of the source's address. */
function flood(intake: Intake, source: IntakeSource): void {
  for (let units = 0; units < share; units += 100) intake.charge(source, 100);
}

test("reads a peer only up to its own share and its address's, which refill over time", async () => {
  const clock = new ManualClock();
  const intake = new Intake(clock);
  intake.charge(flooder, perPeer.requests);
  for (let units = 1_000; units < perHost.requests; units += 1_000) intake.charge(flooder, 1_000);
  expect(intake.delayMs(flooder)).toBe(0);
  intake.charge(flooder, 1_000);
  expect(intake.delayMs(flooder)).toBeGreaterThan(0);
  await clock.advance(intake.delayMs(flooder));
  expect(intake.delayMs(flooder)).toBe(0);
});

test("does not slow other addresses for a flood, and leaves peers of the same address their own rate", async () => {
  const clock = new ManualClock();
  const intake = new Intake(clock);
  const second = { own: perPeer.requests / 4, host: perHost.requests / 4 };
  flood(intake, flooder);
  for (let seconds = 0; seconds < 10; seconds++) {
    expect(intake.delayMs(neighbour)).toBe(0);
    expect(intake.delayMs(other)).toBe(0);
    intake.charge(neighbour, second.own - 1);
    intake.charge(flooder, second.host + second.own);
    await clock.advance(1_000);
  }
  flood(intake, other);
  expect(intake.delayMs(other)).toBeGreaterThan(0);
});

test("gives many ids of one address the share of the address, and a little for each", () => {
  const intake = new Intake(new ManualClock());
  flood(intake, flooder);
  const ids = Array.from({ length: 32 }, (_, index) => from(`id ${index}`, "192.0.2.1"));
  for (const id of ids) intake.charge(id, perPeer.requests);
  expect(ids.every((id) => intake.delayMs(id) > 0)).toBe(true);
});

test("gives each peer of an exempt address the share of an address", () => {
  const intake = new Intake(new ManualClock());
  flood(intake, from("local flooder", "127.0.0.1", true));
  expect(intake.delayMs(from("local flooder", "127.0.0.1", true))).toBeGreaterThan(0);
  const beside = from("local", "127.0.0.1", true);
  intake.charge(beside, perPeer.requests);
  intake.charge(beside, perHost.requests / 2);
  expect(intake.delayMs(beside)).toBe(0);
});

test("charges later work for a peer's bytes to the peer's address", () => {
  const intake = new Intake(new ManualClock());
  intake.opened(flooder);
  for (let units = 0; units <= share; units += 1_000) intake.chargePeer(flooder.peer, 1_000);
  expect(intake.delayMs(flooder)).toBeGreaterThan(0);
  intake.closed(flooder.peer);
  expect(() => intake.chargePeer(flooder.peer, 1)).not.toThrow();
});

/** A connection whose multiplexer reads the frames that it is given. */
function connection(clock = new ManualClock()) {
  const intake = new Intake(clock);
  const done: string[] = [];
  const wire = {
    status: "open" as "open" | "closed",
    writableNeedsDrain: false,
    pause: () => done.push("pause"),
    resume: () => done.push("resume"),
    abort: () => done.push("abort"),
  };
  const streams: { id: string; protocol: string }[] = [];
  const reader = {
    onData: () => done.push("read") as never,
    abort: () => done.push("abort muxer") as never,
    streams: streams as never[],
  };
  const meter = new FrameMeter(wire as never, reader, { intake, clock });
  const ping = { type: frameTypes.ping, flag: frameFlags.syn, streamID: 0, length: 1 };
  const open = { type: frameTypes.windowUpdate, flag: frameFlags.syn, streamID: 1, length: 0 };
  const data = (streamID: number, length: number) => ({ type: frameTypes.data, flag: 0, streamID, length });
  /** The number of such frames that are read before the connection has to wait. */
  const until = (frame: FrameHeader) => {
    let count = 0;
    for (; meter.mayRead() && count < 1e6; count++) meter.onFrame(frame);
    return count;
  };
  return { clock, intake, done, wire, reader, streams, meter, ping, open, data, until };
}

test("stops reading a connection above its share, continues later, and blames no peer", async () => {
  const { clock, done, meter, ping, until } = connection();
  meter.belongsTo(flooder, false);
  // The shares are times, which are rounded.
  expect((unitsOfPing * until(ping)) / share).toBeCloseTo(1, 2);
  expect(meter.mayRead()).toBe(false);
  await Promise.resolve();
  expect(done).toEqual(["pause"]);
  await clock.advance(1_000);
  expect(meter.mayRead()).toBe(true);
  expect(done).toEqual(["pause", "read", "resume"]);
});

test("charges more for streams that the peer opens than for those of this node", () => {
  const peersOwn = connection();
  peersOwn.meter.belongsTo(flooder, false);
  expect(peersOwn.until(peersOwn.open)).toBeLessThanOrEqual(share / unitsOfStream);
  const dialled = connection();
  dialled.meter.belongsTo(flooder, true);
  expect(dialled.until(dialled.open) / share).toBeCloseTo(1, 2);
});

test("charges a ping that is to be answered ten times as much as the answer to one", () => {
  const asking = connection();
  asking.meter.belongsTo(flooder, false);
  expect((unitsOfPing * asking.until(asking.ping)) / share).toBeCloseTo(1, 2);
  const answering = connection();
  answering.meter.belongsTo(flooder, false);
  expect(answering.until({ ...answering.ping, flag: frameFlags.ack }) / share).toBeCloseTo(1, 2);
});

test("charges data by its bytes, and answers less than unrequested data", () => {
  const bytes = 64 * 1_024;
  const asked = connection();
  asked.meter.belongsTo(flooder, false);
  const unasked = connection();
  unasked.meter.belongsTo(flooder, false);
  const [answers, others] = [asked.until(asked.data(2, bytes)), unasked.until(unasked.data(1, bytes))];
  expect(others * bytes).toBeLessThan(50e6);
  expect(answers * bytes).toBeGreaterThan(400e6);
});

test("charges the frames from before the peer was known to the peer", () => {
  const { intake, meter, ping } = connection();
  for (let count = 0; count < 5_000; count++) meter.onFrame(ping);
  expect(intake.delayMs(flooder)).toBe(0);
  meter.belongsTo(flooder, false);
  flood(intake, neighbour);
  expect(intake.delayMs(flooder)).toBeGreaterThan(0);
});

test("a peer that asks on and on and reads no answer loses its connection", () => {
  const { meter, ping, open, data, wire } = connection();
  const ask = (count: number) => {
    for (let asked = 0; asked < count; asked += 2) for (const frame of [ping, open]) meter.onFrame(frame);
  };
  ask(maxUnreadAnswers);
  wire.writableNeedsDrain = true;
  ask(maxUnreadAnswers);
  meter.onFrame(data(1, 10));
  expect(() => meter.onFrame(ping)).toThrow("reads no answers");
  wire.writableNeedsDrain = false;
  ask(2);
  wire.writableNeedsDrain = true;
  ask(maxUnreadAnswers);
  expect(() => meter.onFrame(open)).toThrow("reads no answers");
});

test("stops reading a connection with much on streams without a protocol, until they have one or are gone", async () => {
  const { clock, done, streams, meter, open, data, until } = connection();
  const kilobyte = data(1, 1_024);
  meter.onFrame(open);
  streams.push({ id: "1", protocol: "" }, { id: "3", protocol: "" });
  for (let sent = 0; sent < maxEarlyBytes / 2; sent += 1_024) meter.onFrame(kilobyte);
  meter.onFrame({ ...data(3, 1_024), flag: frameFlags.syn });
  expect(until({ ...kilobyte, streamID: 3 })).toBe(maxEarlyBytes / 2 / 1_024);
  await clock.advance(5_000);
  expect([meter.mayRead(), new Set(done)]).toEqual([false, new Set(["pause"])]);
  streams[0]!.protocol = "/ccoin/height/1";
  await clock.advance(50);
  expect([meter.mayRead(), done.slice(-2)]).toEqual([true, ["read", "resume"]]);
  // Bytes on a stream with a protocol are not counted, and do not make the connection wait.
  streams.push({ id: "5", protocol: "/meshsub/1.2.0" });
  meter.onFrame({ ...data(5, 0), flag: frameFlags.syn });
  for (let sent = 0; sent < 4 * maxEarlyBytes; sent += 1_024) meter.onFrame(data(5, 1_024));
  expect(meter.mayRead()).toBe(true);
  for (let sent = 0; sent < 4 * maxEarlyBytes; sent += 1_024) meter.onFrame(kilobyte);
  expect(until({ ...kilobyte, streamID: 3 })).toBe(maxEarlyBytes / 2 / 1_024);
  streams.length = 0;
  await clock.advance(50);
  expect(meter.mayRead()).toBe(true);
});

test("counts what comes with the frame that opens a stream, before the stream exists", () => {
  const { streams, meter, data } = connection();
  const opened = (streamID: number) => ({ ...data(streamID, maxEarlyBytes / 2), flag: frameFlags.syn });
  for (const id of [1, 3]) {
    meter.onFrame(opened(id));
    streams.push({ id: `${id}`, protocol: "" });
  }
  expect(meter.mayRead()).toBe(true);
  meter.onFrame(opened(5));
  expect(meter.mayRead()).toBe(false);
});

test("remembers a bounded number of streams that were opened", () => {
  const { streams, meter, data } = connection();
  streams.push({ id: "1", protocol: "" });
  meter.onFrame({ ...data(1, maxEarlyBytes), flag: frameFlags.syn });
  for (let id = 3; id < 20_000; id += 2) meter.onFrame({ ...data(id, 0), flag: frameFlags.syn });
  expect(meter.mayRead()).toBe(true);
  expect(meter.earlyStreams).toBeLessThanOrEqual(1_025);
  meter.onFrame(data(1, 1));
  expect(meter.mayRead()).toBe(false);
});

test("a connection that has to wait while it resumes is paused once it has resumed", async () => {
  const { clock, done, meter, ping, until, wire } = connection();
  meter.belongsTo(flooder, false);
  until(ping);
  wire.resume = () => {
    // Bytes that have arrived in the meantime are passed on within this call.
    until(ping);
    return done.push("resume");
  };
  await clock.advance(1_000);
  expect(done.slice(0, 4)).toEqual(["pause", "read", "resume", "pause"]);
});

test("ends the connection when delayed bytes turn out to be no frames", async () => {
  const { clock, done, meter, ping, reader, until } = connection();
  meter.belongsTo(flooder, false);
  until(ping);
  reader.onData = () => {
    throw new Error("no frame");
  };
  await clock.advance(1_000);
  expect(done).toEqual(["pause", "abort muxer", "abort"]);
});

test("a connection that closed meanwhile is left alone", async () => {
  const { clock, done, meter, ping, until, wire } = connection();
  meter.belongsTo(flooder, false);
  until(ping);
  await Promise.resolve();
  wire.status = "closed";
  await clock.advance(5_000);
  expect(done).toEqual(["pause"]);
  expect(clock.pending).toBe(0);
});
