"""How refusals begin, in English and a little German, French and Spanish. Feeds ``refusal``.

Two lists: sentences that refuse by themselves ("I can't help with that"), and sentences that do so only after an
apology or "as an AI" ("I'm sorry, but I can't write ..."). Both must stand at the start of a sentence, so that "if
there is something I can't help with" is none, and neither may wait for something ("I can't help you without your
order number"). They are matched against text whose white space is collapsed to single blanks or line feeds, and every
repetition in them is bounded: answers are hostile, and a pattern full of ``\\s*`` takes minutes for a row of blanks.
"""

from __future__ import annotations

import re


def _any(*parts: str) -> str:
    return "(?:" + "|".join(parts) + ")"


# ------------------------------------------------------------------------------------------------ around a refusal
_SENTENCE = r"(?:^|(?<=[.!?…])[ \n]|\n)[*_#\-\"“„«']{0,4} ?[*_]{0,3}"
_APART = r"(?=[ \n,;:!.—–-])[,;:!.]{0,3}[ \n]?(?:[—–-]{1,2} ?)?(?:(?:but|however|that|aber|mais|pero)\b,? ?)?"
_REST = r"[^.!?\n,]{0,60}?"
_WAITING = r"(?![^.!?\n]{0,160}\b(?:without|until|unless|before|ohne|bevor|solange|sans|avant|sin|hasta)\b)"

_SORRY = _any(
    r"(?:(?:i'm|i am|im|we're|we are) )?(?:(?:really|very|so|truly|terribly) )?(?:sorry|afraid)\b" + _REST,
    r"(?:my |sincere ){0,2}apologies\b" + _REST,
    r"i (?:do )?apologi[sz]e\b" + _REST,
)
_AS_AN_AI = (
    r"(?:as|i'm|i am) (?:just |only )?an? (?:ai|(?:large )?language model|virtual assistant)"
    r"(?: (?:language )?(?:model|assistant|system|chatbot))?(?: (?:developed|created|trained|made)\b" + _REST + ")?"
)
_POLITE = _any(
    r"unfortunately|regrettably|sadly|however|but|and|so|hi|hello|hey|dear customer",
    r"(?:while |although |though )?i (?:understand|appreciate|know|see|reali[sz]e)\b" + _REST,
    r"(?:thank you|thanks)\b" + _REST,
    r"(?:es )?tut mir (?:sehr |wirklich )?leid|entschuldigung|leider|als ki\b" + _REST,
    r"(?:je suis )?(?:vraiment )?désolée?|malheureusement|je regrette|en tant qu'ia\b" + _REST,
    r"lo siento(?: mucho)?|lo lamento|disculpa|lamentablemente|como ia\b" + _REST,
)
_LEAD = rf"(?:{_any(_SORRY, _AS_AN_AI, _POLITE)}{_APART}){{0,3}}"

# ------------------------------------------------------------------------------------------------ what is not done
_I_CANNOT = _any(
    r"i (?:(?:really|simply|just|also|currently|therefore) )?(?:can'?t|cannot|can not|won'?t|will not)"
    r"(?: and (?:will not|won'?t))?",
    r"(?:i'm|i am|im) (?:(?:currently|simply|just) )?(?:unable to|prohibited from"
    r"|not (?:able|allowed|permitted|authori[sz]ed|willing|in a position) to|not comfortable(?: with)?)",
)
_THIS = _any(
    r"(?:that|this|it)(?= ?(?:[.,;!?]|$)| (?:request|question|topic|subject|prompt|conversation|kind|type|sort)\b)",
    r"such\b|(?:your|the) (?:request|question|prompt)\b|requests?\b",
)
_MATTER = (
    r"(?:(?:that|this|any|specific|detailed|medical|legal|financial|personal) ){0,2}"
    r"(?:information|details|instructions?|guidance|assistance|advice|help|content|material|opinions?)\b"
)
_SERVICE = _any(
    r"(?:help|assist)(?:ing)?(?: you)?(?: out)?(?= ?(?:[.!;,]|$)| (?:with|here|on)\b)",
    r"(?:answer|fulfill?|comply with|complete|process|respond to|continue(?: with)?|engage (?:with|in)|discuss|support"
    rf"|do|talk about)(?:ing)? {_THIS}",
    r"comply(?= ?[.,;!])",
    rf"(?:provid|giv|shar|creat|writ|generat|produc|disclos|reveal|offer|mak)(?:e|ing)? (?:you )?(?:with )?"
    rf"{_any(_THIS, _MATTER)}",
)
_ANY_SERVICE = (
    r"(?:help|assist|provide|share|create|write|generate|produce|answer|fulfill?|comply|complete|discuss|support"
    r"|engage|participate|tell you|explain|describe|translate|recommend|disclose|reveal|respond|talk"
    r"|comment|do (?:that|this|so))"
    # declining a deal is an answer, and "cannot help but" declines nothing
    r"\b(?! but\b)(?! (?:you )?(?:with )?(?:(?:an?|any|the) )?(?:(?:full|partial) )?"
    r"(?:refund|discount|replacement|exchange|credit)s?\b)"
)
_RULES = r"(?:guidelines|programming|principles|instructions|policy|policies)\b"
_REFUSING = _any(
    f"{_I_CANNOT} {_SERVICE}",
    r"i (?:must|have to|need to|will have to) (?:respectfully |politely )?(?:decline|refuse)"
    r"(?= ?(?:[.,;!]|$)| (?:to|this|that)\b)",
    r"i(?:'d| would) (?:rather|prefer) not (?:to )?(?:help|assist|answer|discuss|provide|write|say|respond)\b",
    r"i (?:don'?t|do not) feel comfortable\b",
    r"(?:this|that|it|your request|doing so) (?:goes|is|would be|would go) against my " + _RULES,
    r"(?:this|that|it|your request) (?:violates?|would violate) (?:my|our|the) (?:content|usage|safety|use) " + _RULES,
    r"(?:ich (?:kann|darf|werde)|(?:(?:dabei|damit|hierbei|hier|da|das) )?(?:kann|darf) ich)\b[^.!?\n]{0,60}?\bnicht\b"
    r"(?! nur)[^.!?\n]{0,25}?\b(?:helfen|weiterhelfen|beantworten|unterstützen|behilflich sein)\b",
    r"(?:je (?:ne )?(?:peux|puis) (?:malheureusement )?pas|je ne suis pas en mesure de|il m'est impossible de)"
    r" (?:(?:vous|te) |(?:vous )?[ty]')?(?:aider|assister|fournir|répondre à (?:cette|votre|ta|ce))\b",
    r"(?:no puedo|no me es posible|no estoy en condiciones de) (?:ayudar(?:te|le|les)?|asistir(?:te|le)?"
    r"|proporcionar(?:te|le)?|responder(?: a)? (?:esa|ese|esta|este|eso|esto))\b",
)


def _compiled(said: str) -> re.Pattern[str]:
    return re.compile(f"{_SENTENCE}{_WAITING}(?P<said>{said}){_WAITING}", re.IGNORECASE)


STATED = _compiled(_LEAD + _REFUSING)
"""A sentence that refuses by itself, polite words before it allowed; group ``said`` without the start before it."""
APOLOGY = _compiled(f"{_LEAD}{_any(_SORRY, _AS_AN_AI)}{_APART}(?:(?:and|so) )?{_I_CANNOT} {_ANY_SERVICE}")
"""An apology (or "as an AI") and then an inability to do what assistants are asked to do; group ``said`` likewise."""
QUOTATION = re.compile(
    r"```[\s\S]{0,1000}?(?:```|\Z)|(?<!\w)`[^`\n]{0,300}`|\"[^\"\n]{0,300}\"|“[^”\n]{0,300}[”“]|„[^“\n]{0,300}[“”]"
    r"|«[^»\n]{0,300}»|(?<![^\s(])['‘](?=\S)(?:[^'‘’\n]|(?<=\w)['’](?=\w)){0,300}['’](?!\w)|(?m:^>[^\n]{0,500}$)"
)
"""Words of somebody else: quotation marks, code, block quotes."""
