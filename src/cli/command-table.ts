import type { Command } from "commander";

interface ListedCommand {
  description: string;
  /** Loads the command's file, and returns what adds its options, its subcommands and what it does. */
  load(): Promise<(command: Command) => void>;
}

/** All commands, in the order of the help. */
export const commandTable: Readonly<Record<string, ListedCommand>> = {
  "create-account": {
    description: "make the account of a node and print its address",
    load: async () => (await import("./commands/create-account.ts")).addCreateAccountCommand,
  },
  genesis: {
    description: "write a chain's configuration, with local accounts as its authorities",
    load: async () => (await import("./commands/genesis.ts")).addGenesisCommand,
  },
  init: {
    description: "make the signed genesis block in a node's database and print its id",
    load: async () => (await import("./commands/init.ts")).addInitCommand,
  },
  start: {
    description:
      "run a node and make its account if there is none. Without --nodeid: run a development chain of one node",
    load: async () => (await import("./commands/start.ts")).addStartCommand,
  },
  send: {
    description: "transfer an amount from a node's account and print the transaction's id",
    load: async () => (await import("./commands/send.ts")).addSendCommand,
  },
  status: {
    description: "show what a running node is doing",
    load: async () => (await import("./commands/status.ts")).addStatusCommand,
  },
  account: {
    description: "show an account's balance and nonce",
    load: async () => (await import("./commands/account.ts")).addAccountCommand,
  },
  statement: {
    description: "list what an account received and sent, with its balances",
    load: async () => (await import("./commands/statement.ts")).addStatementCommand,
  },
  propose: {
    description: "have a running node vote for a change in the blocks that it makes",
    load: async () => (await import("./commands/propose.ts")).addProposeCommand,
  },
  export: {
    description: "write the chain of a stopped node to a file",
    load: async () => (await import("./commands/export.ts")).addExportCommand,
  },
  import: {
    description: "check the blocks of a file and add them to a stopped node's chain",
    load: async () => (await import("./commands/import.ts")).addImportCommand,
  },
  verify: {
    description: "check the whole database of a stopped node",
    load: async () => (await import("./commands/verify.ts")).addVerifyCommand,
  },
  protection: {
    description:
      "move an authority to another machine: the record of what it signed goes along with its account",
    load: async () => (await import("./commands/protection.ts")).addProtectionCommand,
  },
  recover: {
    description:
      "write a recovery file, with which a chain that has lost its majority of authorities for good, or cannot go on by its parameters, goes on",
    load: async () => (await import("./commands/recover.ts")).addRecoverCommand,
  },
  "network-key": {
    description: "make the key of a closed network, for start --network-key-file on each of its nodes",
    load: async () => (await import("./commands/network-key.ts")).addNetworkKeyCommand,
  },
  completion: {
    description: "print a script that completes commands and options in a shell",
    load: async () => (await import("./commands/completion.ts")).addCompletionCommand,
  },
};
