import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Certificate, Count, maxAuthorities, SignedFinalityVote } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

/** `justifiedRound` is the requester's. */
export const FinalityRequest = new ContainerType({ justifiedRound: Count }, { typeName: "FinalityRequest" });
export type FinalityRequest = ValueOf<typeof FinalityRequest>;

/**
 * `certificates` are those of the highest final checkpoint, of the link that finalized it, and of the highest justified
 * checkpoint.
 */
export const FinalityAnswer = new ContainerType(
  {
    certificates: new ListCompositeType(Certificate, 3),
    votes: new ListCompositeType(SignedFinalityVote, maxAuthorities),
  },
  { typeName: "FinalityAnswer" },
);
export type FinalityAnswer = ValueOf<typeof FinalityAnswer>;

/**
 * Certificates, and the newest vote of each authority. From these a node that was away learns which blocks are final.
 */
export const finality: Protocol<FinalityRequest, FinalityAnswer> = {
  id: "/ccoin/finality/1",
  request: FinalityRequest,
  response: FinalityAnswer,
  maxRequestBytes: FinalityRequest.maxSize,
  maxResponseBytes: FinalityAnswer.maxSize,
  maxChunks: 1,
  maxTotalBytes: FinalityAnswer.maxSize,
  timeoutMs: 5_000,
  // A node asks on connecting, and when a vote or a height tells of an unknown round.
  quota: { requests: 50, perMs: 10_000 },
};
