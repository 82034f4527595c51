/*
 * Finality (docs/consensus.md, section 7) with slashing protection (docs/slashing-protection.md), for Spin.
 * README.md says what is assumed, why votes may be cast round by round, and what each macro breaks. `npm run model` runs it.
 *
 * Authorities 0, 1 and 2 are honest, one more is faulty. The faulty one has signed every vote that there can be: it needs no state
 * and counts towards each quorum. With CHANGE there is a fifth, honest: J, whom block A adds; block A2 removes authority 0.
 * Authority 0 may start without its newest vote, and once its data is put back: its votes after that are those of the row AGAIN.
 *
 * The blocks:   G --- A --- A2     B conflicts with A and A2.
 *                \--- B
 */
#ifndef ROUNDS
#define ROUNDS 6
#endif
/* Starts of authority 0 after which it does not know its newest vote, and goes on without a quorum; as many in each of its lives. */
#ifndef LOST_STARTS
#define LOST_STARTS 2
#endif

#define G  0
#define A  1
#define A2 2
#define B  3
#define bit(block) (1 << (block))
#define descends(block, from) ((from) == G || (from) == (block) || ((from) == A && (block) == A2))

/* Rows: the authorities 0, 1 and 2, then J where there is one, then authority 0 after its data was put back. */
#ifdef CHANGE
#define J     3
#define AGAIN 4
#define isMember(row, block) ((row) == 0 || (row) == AGAIN -> (block) != A2 : (row) != J || (block) == A || (block) == A2)
#define size(block) ((block) == A -> 5 : 4)
#else
#define AGAIN 3
#define isMember(row, block) true
#define size(block) 4
#endif
#define ROWS (AGAIN + 1)

#ifdef BREAK_QUORUM
#define quorum(n) ((n) / 2)
#else
#define quorum(n) (2 * (n) / 3 + 1)
#endif

/* Rounds that a restored authority refuses above those that it has heard of: unheardRounds in src/accounts/doubt.ts. */
#ifdef BREAK_MARGIN
#define UNHEARD 0
#else
#define UNHEARD 2
#endif

/* An honest authority votes for the second change of the set only when the first is final: A2 is made after a quorum has signed A twice. */
#if defined(CHANGE) && !defined(BREAK_CHANGE)
#define isMade(blocks) (!((blocks) & bit(A2)) || isFirstFinal)
#else
#define isMade(blocks) true
#endif

#ifdef BREAK_CONSECUTIVE
#define isFinalizing(fromRound) true
#else
#define isFinalizing(fromRound) (round == (fromRound) + 1)
#endif

byte round = 1;

/*
 * The moment when the data of authority 0 is put back cuts all votes in two: those before it, and those after it. What comes before
 * rests only on what comes before. Blocks in `fresh` are made after it.
 */
bool isAfter[ROWS];
byte fresh;

/* The highest source that each row signed. */
byte source[ROWS];
/* Blocks that are justified in each round, as bits: by all votes, and by those before the cut. Genesis is justified in round 0. */
byte justified[ROUNDS + 1];
byte justifiedBefore[ROUNDS + 1];
byte final;
/* Blocks that anybody voted for; whether a quorum has signed two links in a row for A itself. */
byte voted;
bool isFirstFinal;

/* True if so many honest authorities voted in the last round that they are a quorum of four with the faulty one: the next round begins. */
bool isOpen = true;
bool isOpenBefore = true;
/* True if each life of authority 0 entered the last round, and how often it has gone on without a quorum. */
bool entered[ROWS];
byte lostStarts[ROWS];

/* The row AGAIN votes in rounds above this one; NEVER while it is in doubt. */
#define NEVER 255
#ifdef BREAK_DOUBT
byte refused = 0;
#else
byte refused = NEVER;
#endif

/* The votes of this round: 0 for none, else the link. */
byte vote[ROWS];
#define link(block, fromBlock, fromRound) (1 + (block) + 4 * (fromBlock) + 16 * (fromRound))
#define blockOf(link) (((link) - 1) % 4)
#define fromBlockOf(link) ((((link) - 1) / 4) % 4)
#define fromRoundOf(link) (((link) - 1) / 16)

/* Scratch, zero between steps. */
byte row, other, fromRound, fromBlock, block, known, n, nBefore;

/* One row votes in this round, or does not: it is late, or a crash keeps its vote from leaving. */
inline castVote(who) {
  atomic {
    /* From some round on its votes come after the cut. */
    if
    :: !isAfter[who] && who != 0 -> isAfter[who] = true
    :: true
    fi;
    if
    :: who == 0 && entered[0] && !isOpenBefore && lostStarts[0] < LOST_STARTS -> lostStarts[0]++; n = 1
    :: who == AGAIN && entered[AGAIN] && !isOpen && lostStarts[AGAIN] < LOST_STARTS -> lostStarts[AGAIN]++; n = 1
    :: (isAfter[who] -> isOpen : isOpenBefore) -> n = 1
    :: true
    fi;
    entered[who] = false;
    if
    :: n == 1 && (who != AGAIN || round > refused) ->
      if :: who == 0 || who == AGAIN -> entered[who] = true :: else fi;
      /* The source is justified, and of no lower round than an earlier one. */
#ifndef BREAK_SOURCE
      fromRound = source[who];
#endif
      do :: fromRound + 1 < round -> fromRound++ :: break od;
      known = (isAfter[who] -> justified[fromRound] : justifiedBefore[fromRound]);
      if
      :: known & bit(G) -> fromBlock = G
      :: known & bit(A) -> fromBlock = A
      :: known & bit(A2) -> fromBlock = A2
      :: known & bit(B) -> fromBlock = B
      :: else -> fromBlock = NEVER
      fi;
      if :: block = A :: block = A2 :: block = B fi;
      if
      :: fromBlock != NEVER && descends(block, fromBlock) && isMember(who, block) && (isAfter[who] || !(fresh & bit(block))) ->
        vote[who] = link(block, fromBlock, fromRound);
        source[who] = fromRound;
        voted = voted | bit(block);
        printf("round %d: row %d votes (block %d, round %d) -> (block %d, round %d)\n", round, who, fromBlock, fromRound, block, round)
      :: else
      fi
    :: else
    fi;
    fromRound = 0; fromBlock = 0; block = 0; known = 0; n = 0
  }
}

/* Counts the votes for the link that `row` voted for. A member with two rows counts once. */
inline countVotes() {
  block = blockOf(vote[row]);
  n = 1;
  nBefore = 1;
  other = 0;
  do
  :: other < AGAIN ->
    if
    :: vote[other] == vote[row] || (other == 0 && vote[AGAIN] == vote[row]) -> n++
    :: else
    fi;
    if :: vote[other] == vote[row] && !isAfter[other] -> nBefore++ :: else fi;
    other++
  :: else -> break
  od;
  if
  :: n >= quorum(size(block)) ->
    justified[round] = justified[round] | bit(block);
    printf("round %d: block %d is justified\n", round, block);
    if
    :: isFinalizing(fromRoundOf(vote[row])) ->
      final = final | bit(fromBlockOf(vote[row]));
      printf("round %d: block %d is final\n", round, fromBlockOf(vote[row]));
      if :: block == A && fromBlockOf(vote[row]) == A -> isFirstFinal = true :: else fi
    :: else
    fi
  :: else
  fi;
  if :: nBefore >= quorum(size(block)) -> justifiedBefore[round] = justifiedBefore[round] | bit(block) :: else fi
}

/* Computes the state after the votes of this round. */
inline endRound() {
  d_step {
    row = 0;
    do
    :: row < ROWS ->
      if :: vote[row] != 0 -> countVotes() :: else fi;
      row++
    :: else -> break
    od;
    n = 1;
    nBefore = 1;
    row = 0;
    do
    :: row < AGAIN ->
      if :: vote[row] != 0 || (row == 0 && vote[AGAIN] != 0) -> n++ :: else fi;
      if :: vote[row] != 0 && !isAfter[row] -> nBefore++ :: else fi;
      row++
    :: else -> break
    od;
    isOpen = (n >= quorum(4));
    isOpenBefore = (nBefore >= quorum(4));
    row = 0;
    do :: row < ROWS -> vote[row] = 0; row++ :: else -> break od;
    row = 0; other = 0; block = 0; n = 0; nBefore = 0
  }
}

/* The doubt ends when a block that was made after the cut is justified: with it, more than two thirds have signed since. */
inline settle() {
  atomic {
    if
#ifdef BREAK_FRESH
    :: refused == NEVER && justified[round] ->
#else
    :: refused == NEVER && (justified[round] & fresh) ->
#endif
      source[AGAIN] = round;
      printf("round %d: authority 0 ends its doubt\n", round);
#ifdef BREAK_CLAIM
      refused = ROUNDS + 1
#else
      refused = round + UNHEARD
#endif
    :: true
    fi;
    /* Its vote of the last refused round is not known to anybody: it goes on without a quorum. */
    if :: round == refused -> entered[AGAIN] = true; lostStarts[AGAIN] = 0 :: else fi
  }
}

/*
 * Forgets what can change nothing any more, so that states that differ in nothing else are one: sources that nobody may vote from, and the
 * time before the cut where its rounds have ended.
 */
inline forget() {
  d_step {
    if :: final & bit(A2) -> final = final ^ bit(A2) | bit(A) :: else fi;
    final = final & (bit(A) | bit(B));
    voted = voted & bit(A2);
    if
    :: !isOpenBefore && !(entered[0] && lostStarts[0] < LOST_STARTS) ->
      row = 0;
      do :: row < ROWS -> isAfter[row] = true; row++ :: else -> break od;
      isAfter[0] = false;
      source[0] = round;
      entered[0] = false;
      lostStarts[0] = 0;
      if :: refused != NEVER -> fresh = 0 :: else fi;
      other = 0;
      do :: other <= round -> justifiedBefore[other] = 0; other++ :: else -> break od
    :: else
    fi;
    known = round;
    row = 0;
    do
    :: row < ROWS ->
      do
      :: source[row] < round && !(row == 0 -> justifiedBefore[source[row]] : justified[source[row]]) -> source[row]++
      :: else -> break
      od;
      if
      :: source[row] < known && row != 0 && !(row == AGAIN && refused == NEVER) -> known = source[row]
      :: else
      fi;
      row++
    :: else -> break
    od;
#ifndef BREAK_SOURCE
    other = 0;
    do
    :: other < round ->
      if :: other < known -> justified[other] = 0 :: else fi;
      if :: other < known && other < source[0] -> justifiedBefore[other] = 0 :: else fi;
      other++
    :: else -> break
    od;
#endif
    row = 0; other = 0; known = 0
  }
}

/* Authorities 1 and 2 are alike: which is which does not matter. */
#define rank(row) (4 * (256 * source[row] + vote[row]) + isAfter[row])
inline sort() {
  d_step {
    if
    :: rank(1) > rank(2) ->
      n = source[1]; source[1] = source[2]; source[2] = n;
      n = isAfter[1]; isAfter[1] = isAfter[2]; isAfter[2] = n;
      n = vote[1]; vote[1] = vote[2]; vote[2] = n;
      n = 0
    :: else
    fi
  }
}

/* Two conflicting blocks are final. */
#define isConflict ((final & bit(B)) && (final & (bit(A) | bit(A2))))

init {
  d_step {
    justified[0] = bit(G);
    justifiedBefore[0] = bit(G);
    isAfter[AGAIN] = true
  };
  if
  :: fresh = 0
  :: fresh = bit(A2)
  :: fresh = bit(B)
  :: fresh = bit(A2) | bit(B)
  :: fresh = bit(A) | bit(A2)
  :: fresh = bit(A) | bit(A2) | bit(B)
  fi;
  do
  :: round <= ROUNDS ->
    castVote(1);
    castVote(2);
    sort();
    castVote(0);
#ifdef CHANGE
    castVote(J);
#endif
    castVote(AGAIN);
    endRound();
    assert(!(isConflict && isMade(voted)));
    settle();
    /* Nobody can keep the restored authority from voting: it refuses no more than the rounds that it may have entered. */
    assert(refused == NEVER || refused <= round + UNHEARD);
    forget();
    round++
  :: else -> break
  od
}
