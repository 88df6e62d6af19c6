"""What English text sounds like: a table of readings, then what must hold for any string.

A spoken text is written here as it is heard: words in lower case, the names of letters as capitals,
pauses by their mark (see PauseMark).
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.english.normalise import normalise
from speechmesh.frontend.spoken import Pause, PauseMark, SpokenText, Word

READINGS: dict[str, list[tuple[str, str]]] = {
    "acceptance": [
        (
            "On March 3rd, 2024, Dr. Smith paid $1,299.50 for 12 kg of copper at 3:45 PM.",
            "on march third , twenty twenty four , doctor smith paid one thousand two hundred ninety nine dollars "
            "and fifty cents for twelve kilograms of copper at three forty five P M .",
        ),
    ],
    "cardinals": [
        ("0", "zero"),
        ("I have 5 cats.", "i have five cats ."),
        ("13 and 30", "thirteen and thirty"),
        ("21", "twenty one"),
        ("101", "one hundred one"),
        ("1,000", "one thousand"),
        ("1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"),
        ("1000 of them", "one thousand of them"),
        ("2500 of them", "two thousand five hundred of them"),
        ("10000", "ten thousand"),
        ("1,000,000,000,000", "one trillion"),
        ("3,000,000,000,000,000,000,000,000,000,000,000", "three decillion"),
        ("123456789012345", "one hundred twenty three trillion four hundred fifty six billion seven hundred "
         "eighty nine million twelve thousand three hundred forty five"),
        ("1234567890123456", "one two three four five six seven eight nine zero one two three four five six"),
        ("007", "zero zero seven"),
        ("1,00,000 rupees", "one hundred thousand rupees"),
        ("12,34", "twelve , thirty four"),
    ],
    "decimals and signs": [
        ("3.14", "three point one four"),
        (".5", "point five"),
        ("0.05", "zero point zero five"),
        ("1,234.5", "one thousand two hundred thirty four point five"),
        ("-7", "minus seven"),
        ("−7", "minus seven"),
        ("It fell to -3.5 today.", "it fell to minus three point five today ."),
        ("± 3", "plus or minus three"),
        ("±3", "plus or minus three"),
        ("~5 minutes", "about five minutes"),
        ("10+ people", "ten plus people"),
        ("It costs 5.", "it costs five ."),
        ("50%", "fifty percent"),
        ("3.5 %", "three point five percent"),
        ("up 0.25% today", "up zero point two five percent today"),
        ("100% sure", "one hundred percent sure"),
        ("5 ‰", "five per mille"),
    ],
    "fractions": [
        ("1/2", "one half"),
        ("1/4 mile", "one quarter mile"),
        ("a 1/2inch pipe", "a one half inch pipe"),
        ("3/4", "three quarters"),
        ("2/3 of them", "two thirds of them"),
        ("5/8", "five eighths"),
        ("3 1/2 hours", "three and a half hours"),
        ("1 3/4 cups", "one and three quarters cups"),
        ("½ cup", "one half cup"),
        ("2½ hours", "two and a half hours"),
        ("⅔", "two thirds"),
        ("24/7", "twenty four seven"),
        ("9/11", "nine eleven"),
        ("a 50/50 chance", "a fifty fifty chance"),
        ("120/80", "one hundred twenty over eighty"),
        ("8/10", "eight out of ten"),
        ("5/5 stars", "five out of five stars"),
        ("1/2 km", "one half kilometer"),
    ],
    "ordinals": [
        ("1st 2nd 3rd 4th", "first second third fourth"),
        ("the 21st century", "the twenty first century"),
        ("12th", "twelfth"),
        ("100th", "one hundredth"),
        ("1,000th", "one thousandth"),
        ("the 22nd of May", "the twenty second of may"),
        ("a 3rd-party tool", "a third party tool"),
        ("20th", "twentieth"),
    ],
    "ranges": [
        ("10-20", "ten to twenty"),
        ("pages 3–5", "pages three to five"),
        ("1990–1995", "nineteen ninety to nineteen ninety five"),
        ("1990-95", "nineteen ninety to ninety five"),
        ("2019-20 season", "twenty nineteen to twenty season"),
        ("5-10%", "five to ten percent"),
        ("10 - 20 people", "ten to twenty people"),
        ("2–3 kg", "two to three kilograms"),
        ("He won 3-2.", "he won three to two ."),
        ("from -10 to -5", "from minus ten to minus five"),
        ("1.5-2.5 million", "one point five to two point five million"),
        ("100-2000 Hz", "one hundred to two thousand hertz"),
        ("ages 18-24", "ages eighteen to twenty four"),
    ],
    "magnitudes": [
        ("10 million", "ten million"),
        ("1.5B users", "one point five billion users"),
        ("5M people", "five million people"),
        ("2.5bn", "two point five billion"),
        ("a 10k run", "a ten K run"),
        ("3 hundred", "three hundred"),
    ],
    "years": [
        ("in 1999", "in nineteen ninety nine"),
        ("In 2024, we left.", "in twenty twenty four , we left ."),
        ("2005", "two thousand five"),
        ("since 2010", "since twenty ten"),
        ("in 1900", "in nineteen hundred"),
        ("in 1905", "in nineteen oh five"),
        ("by 2000", "by two thousand"),
        ("in 1066", "in ten sixty six"),
        ("the 1980s", "the nineteen eighties"),
        ("the '80s", "the eighties"),
        ("the 80s", "the eighties"),
        ("the 1900s", "the nineteen hundreds"),
        ("the 2000s", "the two thousands"),
        ("the mid-1990s", "the mid nineteen nineties"),
        ("’90s music", "nineties music"),
        ("44 BC", "forty four B C"),
        ("in 1500 meters", "in one thousand five hundred meters"),
        ("1500 people", "one thousand five hundred people"),
        ("2024 sales", "twenty twenty four sales"),
        ("in 1999 sales rose", "in nineteen ninety nine sales rose"),
        ("from 1990 to 2000", "from nineteen ninety to two thousand"),
        ("Class of '99", "class of ninety nine"),
        ("the pre-2008 boom", "the pre two thousand eight boom"),
        ("3000 BC", "three thousand B C"),
        ("the 2020 election", "the twenty twenty election"),
    ],
    "dates": [
        ("March 3rd, 2024", "march third , twenty twenty four"),
        ("March 3, 2024, was", "march third , twenty twenty four , was"),
        ("March 3", "march third"),
        ("3 March 2024", "the third of march twenty twenty four"),
        ("on the 3 March", "on the third of march"),
        ("3rd of March", "the third of march"),
        ("the 3rd of March", "the third of march"),
        ("Mar. 3", "march third"),
        ("Dec 25", "december twenty fifth"),
        ("Sept. 11, 2001", "september eleventh , two thousand one"),
        ("June 2019", "june twenty nineteen"),
        ("July 4th", "july fourth"),
        ("July 4-6", "july fourth to sixth"),
        ("03/04/2024", "march fourth , twenty twenty four"),
        ("3/4/24", "march fourth , twenty twenty four"),
        ("12/31/1999", "december thirty first , nineteen ninety nine"),
        ("31/12/1999", "december thirty first , nineteen ninety nine"),
        ("2024-03-03", "march third , twenty twenty four"),
        ("12.05.2024", "may twelfth , twenty twenty four"),
        ("2024-03-03T12:30:00Z", "march third , twenty twenty four , twelve thirty U T C"),
        ("on 3/4", "on march fourth"),
        ("in Jan. we met", "in january we met"),
        ("Mon., Mar 3", "monday , march third"),
        ("Sat, Mar 3", "saturday , march third"),
        ("You may 3 times", "you may three times"),
        ("We march 5 miles", "we march five miles"),
        ("May 5", "may fifth"),
        ("It was May. We left.", "it was may . we left ."),
        ("Friday, October 13, 2023.", "friday , october thirteenth , twenty twenty three ."),
    ],
    "times": [
        ("3:45 PM", "three forty five P M"),
        ("3:45pm", "three forty five P M"),
        ("15:30", "fifteen thirty"),
        ("7:00", "seven o'clock"),
        ("7:00 AM", "seven A M"),
        ("12:05", "twelve oh five"),
        ("00:30", "zero thirty"),
        ("15:00", "fifteen hundred"),
        ("14:30:15", "fourteen thirty and fifteen seconds"),
        ("We met at 3 p.m. He left.", "we met at three P M . he left ."),
        ("at 3 p.m. on Monday", "at three P M on monday"),
        ("at 3 p.m. Monday", "at three P M monday"),
        ("at 8 p.m., he", "at eight P M , he"),
        ("It ended at 5 p.m.", "it ended at five P M ."),
        ("9am-5pm", "nine A M to five P M"),
        ("9–11 a.m. daily", "nine to eleven A M daily"),
        ("10:30am-11:45am", "ten thirty A M to eleven forty five A M"),
        ("10:00-11:30", "ten o'clock to eleven thirty"),
        ("at 6 am", "at six A M"),
        ("5:30 P.M. EST", "five thirty P M E S T"),
        ("5 o'clock", "five o'clock"),
        ("1h30m", "one hour thirty minutes"),
        ("5m 30s", "five minutes thirty seconds"),
        ("2 h 15 min", "two hours fifteen minutes"),
        ("16:9", "sixteen to nine"),
        ("John 3:16", "john three sixteen"),
    ],
    "money": [
        ("$1,299.50", "one thousand two hundred ninety nine dollars and fifty cents"),
        ("$5", "five dollars"),
        ("$1", "one dollar"),
        ("$1.01", "one dollar and one cent"),
        ("$0.05", "five cents"),
        ("$.99", "ninety nine cents"),
        ("$0", "zero dollars"),
        ("$20.00", "twenty dollars"),
        ("$1.5M", "one point five million dollars"),
        ("$3 billion", "three billion dollars"),
        ("$10k", "ten thousand dollars"),
        ("$1.25 trillion", "one point two five trillion dollars"),
        ("-$5", "minus five dollars"),
        ("5 USD", "five U S dollars"),
        ("USD 5", "five U S dollars"),
        ("€20", "twenty euros"),
        ("20 €", "twenty euros"),
        ("€1", "one euro"),
        ("€5,50", "five euros and fifty cents"),
        ("£3.50", "three pounds and fifty pence"),
        ("£1.01", "one pound and one penny"),
        ("¥500", "five hundred yen"),
        ("₹100", "one hundred rupees"),
        ("CHF 20", "twenty swiss francs"),
        ("C$5", "five canadian dollars"),
        ("A$10", "ten australian dollars"),
        ("US$3 million", "three million U S dollars"),
        ("CN¥8", "eight yuan"),
        ("RMB 100", "one hundred R M B"),
        ("₩5,000", "five thousand won"),
        ("5 KRW", "five won"),
        ("$5-$10", "five to ten dollars"),
        ("$5–10", "five to ten dollars"),
        ("$2-3 million", "two to three million dollars"),
        ("$20/month", "twenty dollars per month"),
        ("$12.50/lb", "twelve dollars and fifty cents per pound"),
        ("99¢", "ninety nine cents"),
        ("a $5 bill", "a five dollar bill"),
        ("a $50 million deal", "a fifty million dollar deal"),
        ("It cost $5.", "it cost five dollars ."),
        ("~$10", "about ten dollars"),
        ("$1.999", "one point nine nine nine dollars"),
    ],
    "units": [
        ("12 kg", "twelve kilograms"),
        ("1 kg", "one kilogram"),
        ("5km", "five kilometers"),
        ("5 km/h", "five kilometers per hour"),
        ("3.5 GHz", "three point five gigahertz"),
        ("60 mph", "sixty miles per hour"),
        ("20 °C", "twenty degrees celsius"),
        ("1 °C", "one degree celsius"),
        ("-5°C", "minus five degrees celsius"),
        ("72°F", "seventy two degrees fahrenheit"),
        ("a 90° angle", "a ninety degree angle"),
        ("10 MB", "ten megabytes"),
        ("16 fps", "sixteen frames per second"),
        ("5 mg/mL", "five milligrams per milliliter"),
        ("30 m²", "thirty square meters"),
        ("5 m³", "five cubic meters"),
        ("9.8 m/s²", "nine point eight meters per second squared"),
        ("100 sq ft", "one hundred square feet"),
        ("6 ft", "six feet"),
        ("1 ft", "one foot"),
        ("5 in. wide", "five inches wide"),
        ("5 in the box", "five in the box"),
        ("10 lb", "ten pounds"),
        ("8 oz.", "eight ounces ."),
        ("30 dB", "thirty decibels"),
        ("5 kWh", "five kilowatt hours"),
        ("100ms", "one hundred milliseconds"),
        ("20 ms latency", "twenty milliseconds latency"),
        ("1.5 L", "one point five liters"),
        ("50 µg", "fifty micrograms"),
        ("3 μm", "three micrometers"),
        ("100 Mbps", "one hundred megabits per second"),
        ("12V", "twelve volts"),
        ("60W", "sixty watts"),
        ("5 min. later", "five minutes later"),
        ("It took 5 min. He left.", "it took five minutes . he left ."),
        ("a 5 km run", "a five kilometer run"),
        ("a 12-inch pizza", "a twelve inch pizza"),
        ("a 10-kg bag", "a ten kilogram bag"),
        ("5'11\"", "five feet eleven inches"),
        ("6′2″ tall", "six feet two inches tall"),
        ("a 27\" monitor", "a twenty seven inch monitor"),
        ("64 GB RAM", "sixty four gigabytes ram"),
        ("3 rpm", "three R P M"),
        ("25 bps", "twenty five bits per second"),
        ("2 hrs", "two hours"),
        ("a 500cc engine", "a five hundred C C engine"),
        ("100 ppm", "one hundred parts per million"),
        ("0.5 mi", "zero point five miles"),
        ("40 °N", "forty degrees north"),
    ],
    "mathematics": [
        ("2 + 2 = 4", "two plus two equals four"),
        ("3 × 4", "three times four"),
        ("3 x 4", "three times four"),
        ("10 > 5", "ten is greater than five"),
        ("3 < 5", "three is less than five"),
        ("10 - 5 = 5", "ten minus five equals five"),
        ("6 / 2 = 3", "six divided by two equals three"),
        ("6 ÷ 2", "six divided by two"),
        ("5 * 3", "five times three"),
        ("2^10", "two to the tenth"),
        ("x² + y²", "X squared plus Y squared"),
        ("10⁻³", "ten to the minus three"),
        ("a ≥ b", "A is greater than or equal to B"),
        ("2+2", "two plus two"),
        ("1920x1080", "nineteen twenty by ten eighty"),
        ("640x480", "six forty by four eighty"),
        ("a 3x4 grid", "a three by four grid"),
        ("π ≈ 3.14", "pi approximately three point one four"),
        ("√2", "square root of two"),
    ],
    "telephone numbers and codes to type": [
        ("Call 555-1234.", "call five five five , one two three four ."),
        ("(415) 555-2671", "four one five , five five five , two six seven one"),
        ("415-555-2671", "four one five , five five five , two six seven one"),
        ("415.555.2671", "four one five , five five five , two six seven one"),
        ("+1-800-555-0199", "plus one , eight zero zero , five five five , zero one nine nine"),
        ("+44 20 7946 0958", "plus four four , two zero , seven nine four six , zero nine five eight"),
        ("1-800-FLOWERS", "one eight hundred flowers"),
        ("ext. 204", "extension two zero four"),
        ("Call 911!", "call nine one one !"),
        ("Your code is 4821.", "your code is four eight two one ."),
        ("Your OTP: 123456", "your O T P : one two three four five six"),
        ("card ending in 1234", "card ending in one two three four"),
        ("123-45-6789", "one two three , four five , six seven eight nine"),
        ("4111 1111 1111 1111", "four one one one , one one one one , one one one one , one one one one"),
        ("Press 1 for sales.", "press one for sales ."),
    ],
    "versions and addresses of machines": [
        ("v2.1.3", "version two point one point three"),
        ("Python 3.11.4", "python three point eleven point four"),
        ("v2", "version two"),
        ("192.168.1.1", "one nine two dot one six eight dot one dot one"),
        ("Python 3.12", "python three point twelve"),
    ],
    "codes of letters and digits": [
        ("B2B", "B two B"),
        ("MP3", "M P three"),
        ("A380", "A three eighty"),
        ("COVID-19", "covid nineteen"),
        ("F16", "F sixteen"),
        ("an F-16 jet", "an F sixteen jet"),
        ("a 4K TV", "a four K T V"),
        ("1080p", "ten eighty P"),
        ("5G", "five G"),
        ("GPT-4o", "G P T four O"),
        ("CO₂", "C O two"),
        ("3D", "three D"),
        ("the 747s", "the seven forty sevens"),
        ("x86", "X eighty six"),
        ("utf8", "U T F eight"),
        ("python3", "python three"),
        ("5x faster", "five times faster"),
        ("MH-370", "M H three seventy"),
        ("Flight 370", "flight three seventy"),
        ("Room 101", "room one oh one"),
        ("Route 66", "route sixty six"),
        ("Gate B12", "gate B twelve"),
        ("i18n", "I eighteen N"),
        ("a 64-bit CPU", "a sixty four bit C P U"),
        ("a 12-year-old", "a twelve year old"),
    ],
    "Roman numerals": [
        ("Henry VIII", "henry the eighth"),
        ("Elizabeth I was", "elizabeth the first was"),
        ("Louis XIV", "louis the fourteenth"),
        ("Chapter IV", "chapter four"),
        ("World War II", "world war two"),
        ("World War I ended", "world war one ended"),
        ("Super Bowl LVIII", "super bowl fifty eight"),
        ("Rocky II", "rocky two"),
        ("Type I error", "type one error"),
        ("Malcolm X", "malcolm X"),
        ("John, I am here.", "john , i am here ."),
        ("Part I.", "part one ."),
        ("Pope John Paul II", "pope john paul the second"),
    ],
    "signs": [
        ("#5", "number five"),
        ("No. 5", "number five"),
        ("Nos. 5 and 6", "numbers five and six"),
        ("No. I won't.", "no . i won't ."),
        ("salt & pepper", "salt and pepper"),
        ("AT&T", "A T and T"),
        ("R&D", "R and D"),
        ("milk w/ sugar", "milk with sugar"),
        ("milk w/o sugar", "milk without sugar"),
        ("meet @ noon", "meet at noon"),
        ("C++", "C plus plus"),
        ("C#", "C sharp"),
        ("an A+", "an A plus"),
        ("§ 12", "section twelve"),
        ("© 2024", "copyright twenty twenty four"),
        ("Acme™ widgets®", "acme widgets"),
        ("A → B", "A to B"),
        ("TCP/IP", "T C P I P"),
        ("and/or", "and or"),
        ("n/a", "N A"),
        ("an α particle", "an alpha particle"),
    ],
    "internet addresses and file names": [
        ("john.smith@example.com", "john dot smith at example dot com"),
        ("https://www.example.com/a-b", "W W W dot example dot com slash A dash B"),
        ("Visit example.com.", "visit example dot com ."),
        ("See http://example.org/docs/, then", "see example dot org slash docs , then"),
        ("(https://a.io)", "A dot I O ("),
        ("x_y+z@mail.co.uk", "X underscore Y plus Z at mail dot co dot U K"),
        ("localhost:8080", "localhost colon eighty eighty"),
        ("#TextToSpeech", "hashtag text to speech"),
        ("@speech_mesh hi", "at speech mesh hi"),
        ("report.pdf", "report dot P D F"),
        ("main.py is", "main dot P Y is"),
        ("/usr/local/bin", "slash user slash local slash bin"),
        ("os.path.join", "os dot path dot join"),
        ("snake_case", "snake case"),
        ("Node.js", "node dot J S"),
        (".NET", "dot net"),
        ("Stop.Go", "stop . go"),
    ],
    "titles and streets": [
        ("Dr. Smith paid.", "doctor smith paid ."),
        ("Mr. and Mrs. Jones", "mister and missus jones"),
        ("Ms. Lee", "miz lee"),
        ("Dr Smith", "doctor smith"),
        ("Prof. Lee", "professor lee"),
        ("Gen. Grant", "general grant"),
        ("on Elm Dr. in May", "on elm drive in may"),
        ("St. John", "saint john"),
        ("St. Louis", "saint louis"),
        ("Mt. St. Helens", "mount saint helens"),
        ("the Church of St. Agatha", "the church of saint agatha"),
        ("He lives on Main St. He works.", "he lives on main street . he works ."),
        ("on Main St. in Boston", "on main street in boston"),
        ("In Paris, Dr. Lee", "in paris , doctor lee"),
        ("Fifth Ave. is", "fifth avenue is"),
        ("42nd St. is", "forty second street is"),
        ("1600 Pennsylvania Ave.", "sixteen hundred pennsylvania avenue ."),
        ("742 Evergreen Terrace", "seven forty two evergreen terrace"),
        ("123 Main St, Springfield, IL 62704",
         "one twenty three main street , springfield , illinois six two seven zero four"),
        ("Austin, TX.", "austin , texas ."),
        ("Martin Luther King Jr. spoke.", "martin luther king junior spoke ."),
        ("Ft. Worth", "fort worth"),
        ("Sen. Warren (D-MA)", "senator warren ( D M A ("),
    ],
    "abbreviations and the end of the sentence": [
        ("e.g. this", "for example this"),
        ("(i.e., that)", "that is , that ("),
        ("cats vs. dogs", "cats versus dogs"),
        ("Roe v. Wade", "roe versus wade"),
        ("approx. 5", "approximately five"),
        ("Acme Inc. is", "acme incorporated is"),
        ("at Smith & Co. The end.", "at smith and company . the end ."),
        ("pens, etc. Then", "pens , et cetera . then"),
        ("pens, etc., and", "pens , et cetera , and"),
        ("pens, etc.", "pens , et cetera ."),
        ("the U.S. Army", "the U S army"),
        ("Visit the U.S. The food", "visit the U S . the food"),
        ("the U.S.", "the U S ."),
        ("U.S.A.", "U S A ."),
        ("Washington, D.C. is", "washington , D C is"),
        ("U.S.-based", "U S based"),
        ("J. K. Rowling", "J K rowling"),
        ("George W. Bush", "george W bush"),
        ("Plan B. Then go.", "plan B . then go ."),
        ("So do I. You too.", "so do i . you too ."),
        ("a Ph.D. student", "a P H D student"),
        ("fig. 3", "figure three"),
        ("pp. 3-5", "pages three to five"),
        ("Vol. 2", "volume two"),
        ("est. 1990", "established nineteen ninety"),
        ("the dept. head", "the department head"),
        ("max. speed", "maximum speed"),
        ("It is the max. Stop.", "it is the max . stop ."),
        ("et al. found", "et al found"),
        ("aka Bob", "A K A bob"),
        ("Yes. No. Maybe.", "yes . no . maybe ."),
    ],
    "initialisms": [
        ("the FBI", "the F B I"),
        ("USA", "U S A"),
        ("NLP and CPU", "N L P and C P U"),
        ("NASA and NATO", "nasa and nato"),
        ("UNICEF", "unicef"),
        ("two CPUs", "two C P U's"),
        ("the FBI's case", "the F B I's case"),
        ("NASA's plan", "nasa's plan"),
        ("PINs", "pins"),
        ("JPEG", "jay peg"),
        ("an HTTP URL", "an H T T P U R L"),
        ("the IT department", "the I T department"),
        ("the US and the UK", "the U S and the U K"),
        ("the WHO said", "the W H O said"),
        ("HTTPS", "H T T P S"),
        ("A.I.", "A I ."),
        ("a kg of", "a kilogram of"),
        ("OK", "okay"),
        ("the CEO", "the C E O"),
        ("ASAP", "A S A P"),
    ],
    "capitals for emphasis": [
        ("THIS IS IMPORTANT.", "this is important ."),
        ("I am NOT happy.", "i am not happy ."),
        ("DO NOT ENTER!", "do not enter !"),
        ("STOP!", "stop !"),
        ("DON'T", "don't"),
        ("WARNING: hot", "warning : hot"),
        ("THE FBI IS HERE", "the F B I is here"),
        ("IT'S ME", "it's me"),
        ("TERMS AND CONDITIONS", "terms and conditions"),
        ("BREAKING NEWS FROM ROME", "breaking news from rome"),
    ],
    "inner capitals": [
        ("speechMesh", "speech mesh"),
        ("my iPhone", "my I phone"),
        ("HTMLParser", "H T M L parser"),
        ("McDonald", "mcdonald"),
        ("LeBron James", "lebron james"),
        ("GitHub", "git hub"),
        ("YouTube", "you tube"),
        ("a PhD", "a P H D"),
        ("macOS", "mac O S"),
        ("eBay", "E bay"),
        ("O'Brien", "o'brien"),
        ("mRNA", "M R N A"),
        ("ChatGPT", "chat G P T"),
    ],
    "words": [
        ("Hello, world!", "hello , world !"),
        ("a well-known fact", "a well known fact"),
        ("don't", "don't"),
        ("don’t", "don't"),
        ("John's", "john's"),
        ("the dogs' house", "the dogs house"),
        ("'em", "em"),
        ("six o'clock", "six o'clock"),
        ("rock 'n' roll", "rock and roll"),
        ("e-mail", "E mail"),
        ("an x-ray", "an X ray"),
        ("a T-shirt", "a T shirt"),
        ("Wi-Fi", "why fie"),
        ("Hmm, no.", "hmm , no ."),
        ("vitamin A", "vitamin A"),
        ("from A to Z", "from A to Z"),
        ("She got an A.", "she got an A ."),
        ("A dog", "a dog"),
        ("pre- and post-war", "pre and post war"),
        ("file(s)", "files"),
        ("X marks", "X marks"),
    ],
    "letters of other kinds": [
        ("café", "cafe"),
        ("cafe\u0301", "cafe"),
        ("naïve Müller", "naive muller"),
        ("Straße", "strasse"),
        ("œuvre", "oeuvre"),
        ("ﬁne", "fine"),
        ("Ｈｅｌｌｏ １２", "hello twelve"),
        ("Łódź", "lodz"),
        ("Æther", "aether"),
        ("𝐁𝐨𝐥𝐝", "bold"),
        ("so\u00adft\u200bly", "softly"),
        ("\ufeffHi", "hi"),
        ("٣ apples", "three apples"),
    ],
    "pauses": [
        ("one, two; three: four", "one , two ; three : four"),
        ("this (or that) one", "this ( or that ( one"),
        ("wait... what", "wait … what"),
        ("wait… what", "wait … what"),
        ("yes — no", "yes — no"),
        ("yes--no", "yes — no"),
        ("yes - no", "yes — no"),
        ("New York–London", "new york london"),
        ("What?!", "what ?"),
        ("What!?", "what ?"),
        ("No!!!", "no !"),
        ("Really...?", "really ?"),
        ("\"Go,\" he said.", "go , he said ."),
        ("'Go,' he said.", "go , he said ."),
        ("He said \"stop.\" Then", "he said stop . then"),
        ("(Yes.) No", "yes . no"),
        ("你好，hi。Bye", "hi . bye"),
        ("¿Qué?", "que ?"),
        ("...", ""),
        ("", ""),
        ("🙂", ""),
        ("a | b", "A , B"),
    ],
    "lines": [
        ("one\ntwo", "one two"),
        ("one.\n\nTwo", "one . ¶ two"),
        ("one\n\nTwo", "one ¶ two"),
        ("one\r\n\r\ntwo", "one ¶ two"),
        ("# Title\n\nText", "title . ¶ text"),
        ("- one\n- two", "one . two"),
        ("* one\n* two\n", "one . two"),
        ("• one\n• two", "one . two"),
        ("1. First\n2. Second", "one , first . two , second"),
        ("Steps:\n1) Go\n2) Stop", "steps : one , go . two , stop"),
        ("Bob Hope\n12 Elm St\nRome", "bob hope , twelve elm street , rome"),
        ("A long line of prose that was wrapped by an editor\nand goes on", "A long line of prose that was wrapped "
         "by an editor and goes on".replace("A long", "a long")),
        ("| Name | Age |\n|---|---|\n| Bob | 42 |", "name , age . bob , forty two ,"),
        ("one\n\n---\n\ntwo", "one ¶ two"),
        ("- [ ] buy milk", "buy milk"),
        ("> quoted", "quoted"),
    ],
    "as people write": [
        ("a range of 5.25%–5.5%", "a range of five point two five percent to five point five percent"),
        ("5kg-10kg", "five kilograms to ten kilograms"),
        ("Mon.-Fri., 9-5", "monday to friday , nine to five"),
        ("Jan–Mar 2024", "january to march twenty twenty four"),
        ("Seat 12A, Apt. 5B", "seat twelve A , apartment five B"),
        ("4521 N. 3rd St.", "forty five twenty one north third street ."),
        ("10 W. Main St. is", "ten west main street is"),
        ("the mid-'90s", "the mid nineties"),
        ("E = mc²", "E equals M C squared"),
        ("H₂SO₄", "H two S O four"),
        ("YoY growth", "year over year growth"),
        ("10\" x 12\"", "ten inches by twelve inches"),
        ("3.2e-5", "three point two times ten to the minus five"),
        ("6.02×10^23", "six point zero two times ten to the twenty third"),
        ("a 2-in-1 device", "a two in one device"),
        ("50-50", "fifty fifty"),
        ("five-a-side", "five a side"),
        ("in Scranton, Pa., on", "in scranton , pennsylvania , on"),
        ("100 µm. 12 more", "one hundred micrometers . twelve more"),
        ("$100 USD", "one hundred dollars"),
        ("1.5k views", "one point five thousand views"),
        ("the 49ers", "the forty nine ers"),
        ("a 401(k)", "a four oh one K"),
        ("UTC+2, GMT-5", "U T C plus two , G M T minus five"),
        ("55 B.C. was", "fifty five B C was"),
        ("C:\\temp", "C colon backslash temp"),
        ("1/1/2000-12/31/2001", "january first , two thousand to december thirty first , two thousand one"),
        ("World War III", "world war three"),
        ("Lt. Col. Smith", "lieutenant colonel smith"),
        ("5'11 tall", "five feet eleven inches tall"),
        ("Really?? Yes!!", "really ? yes !"),
        ("thx, pls call", "thanks , please call"),
        ("PS5 & Xbox", "P S five and ex box"),
        ("a 5-star hotel", "a five star hotel"),
        ("temp. 98.6°F", "temperature ninety eight point six degrees fahrenheit"),
        ("at 8ish", "at eight ish"),
        ("see https://exam²ple.com", "see exam ple dot com"),
        ("O'B&r", "o'b and R"),
        ("the 8a0s", "the eight A zero S"),
        ("Rt. 9", "route nine"),
        ("on I-95 S. In a mile", "on I ninety five south . in a mile"),
        ("94105-1234", "nine four one zero five , one two three four"),
        ("under-18s", "under eighteens"),
        ("Fig. 4b", "figure four B"),
        ("Psalm 23:1-4", "psalm twenty three one to four"),
        ("an F-35B", "an F thirty five B"),
        ("a Boeing 737-800", "a boeing seven thirty seven eight hundred"),
        ("He got a B. Type it.", "he got a B . type it ."),
        ("the A's", "the A's"),
        ("error 404", "error four oh four"),
        ("3 pcs. @ $9.99 ea.", "three pieces at nine dollars and ninety nine cents each ."),
        ("Section 4.1", "section four point one"),
        ("Hi :-) there", "hi there"),
        ("I <3 you", "i love you"),
    ],
    "mark-up": [
        ("some **bold** text", "some bold text"),
        ("__init__ and *this*", "init and this"),
        ("run `make test` now", "run make test now"),
        ("see [the docs](https://example.com/x).", "see the docs ."),
        ("[](https://example.com)", "example dot com ("),
        ("![a cat](cat.png)", "a cat"),
        ("~~gone~~", "gone"),
        ("<b>bold</b> text", "bold text"),
        ("one<br>two", "one . two"),
        ("salt &amp; pepper", "salt and pepper"),
        ("```python\nx = 1\n```", "X equals one"),
        ("```\ncode\n```", "code"),
    ],
}  # fmt: skip


def heard(spoken: SpokenText) -> str:
    """Write a spoken text the way the table does."""
    parts = []
    for item in spoken.items:
        if isinstance(item, Pause):
            parts.append(item.mark.value)
        else:
            parts.append(item.text[0].upper() + item.text[1:] if item.letter_name else item.text)
    return " ".join(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(*reading, id=f"{kind}: {reading[0]}")
        for kind, table in READINGS.items()
        for reading in table
    ],
)
def test_text_is_read_as_a_listener_expects(text: str, expected: str) -> None:
    assert heard(normalise(text)) == expected


def test_every_kind_of_reading_ends_a_sentence_or_not_as_its_mark_says() -> None:
    ends = {mark for mark in PauseMark if mark.ends_sentence}
    assert ends == {PauseMark.STATEMENT, PauseMark.EXCLAMATION, PauseMark.QUESTION, PauseMark.PARAGRAPH}


def test_spans_point_into_the_text_of_the_caller() -> None:
    text = "Ｐａｙ ﬁve: $1,299.50 to cafe\u0301 & j.d@x.com"
    read_from = [(word.text, text[word.start : word.end]) for word in normalise(text).words]
    assert read_from[:3] == [("pay", "Ｐａｙ"), ("five", "ﬁve"), ("one", "$1,299.50")]
    assert ("cafe", "cafe\u0301") in read_from
    assert read_from[-7:] == [
        ("and", "&"), ("j", "j"), ("dot", "."), ("d", "d"), ("at", "@"), ("x", "x"), ("dot", "."), ("com", "com"),
    ][-7:]  # fmt: skip


def test_date_and_its_year_have_their_own_spans() -> None:
    text = "March 3rd, 2024"
    spans = [text[item.start : item.end] for item in normalise(text).items]
    assert spans == ["March 3rd", "March 3rd", ",", "2024", "2024", "2024"]


def test_target_of_a_link_belongs_to_its_last_word() -> None:
    text = "see [the docs](https://example.com) now"
    assert [text[word.start : word.end] for word in normalise(text).words] == [
        "see", "the", "docs](https://example.com)", "now",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("Hi 🙂🙂 there", ["🙂🙂"]),
        ("Hi 👩‍👩‍👧 there", ["👩‍👩‍👧"]),
        ("你好 hello мир", ["你好", "мир"]),
        ("ok \ud800 then", ["\ud800"]),
        ("λόγος", ["λόγος"]),
        ("so :) yes", [":)"]),
        ("<b>x</b>", ["<b>", "</b>"]),
        ("zero\u200bwidth \u202ertl\u202c \x00nul\ufeff", []),
        ("plain text", []),
    ],
)
def test_what_cannot_be_spoken_is_reported_once_a_run(text: str, dropped: list[str]) -> None:
    spoken = normalise(text)
    assert [run.text for run in spoken.dropped] == dropped
    assert all(text[run.start : run.end] == run.text for run in spoken.dropped)


def check_invariants(text: str) -> None:
    spoken = normalise(text)
    covered = [False] * len(text)
    for sequence in (spoken.items, spoken.dropped):
        start = end = 0
        for item in sequence:
            assert 0 <= item.start <= item.end <= len(text)
            assert item.start >= start and item.end >= end, "spans go backwards"
            start, end = item.start, item.end
    for item in (*spoken.words, *spoken.dropped):
        covered[item.start : item.end] = [True] * (item.end - item.start)
    lost = [c for c, seen in zip(text, covered, strict=True) if c.isascii() and c.isalnum() and not seen]
    assert not lost, f"neither spoken nor reported: {lost}"
    for word in spoken.words:
        assert re.fullmatch(r"[a-z][a-z']*", word.text)
        assert not word.letter_name or word.text[1:] in {"", "'s"}
    for before, after in zip(spoken.items, spoken.items[1:], strict=False):
        assert isinstance(before, Word) or isinstance(after, Word) or after.mark is PauseMark.PARAGRAPH
    assert not spoken.items or isinstance(spoken.items[0], Word), "a pause before the first word"


LIVELY = st.text(
    alphabet="abAB019.,:;!?-–'\"()[]{}<>/\\|@#$€%&*_=+~^` \n½²°µé你🙂\u200d\u0301αtThsxXkKmMpP", max_size=60
)
SNIPPETS = st.lists(
    st.one_of(
        st.sampled_from([text for table in READINGS.values() for text, _ in table]),
        st.sampled_from(
            [" ", "\n", "\n\n", "-", ".", ", ", "(", ")", "'", '"', "/", "$", "5", "x", "s", "%", "🙂"]
        ),
    ),
    max_size=6,
).map("".join)


@st.composite
def misprints(draw: st.DrawFn) -> str:
    """A text of the table with a few characters inserted or lost."""
    text = list(draw(SNIPPETS))
    for _ in range(draw(st.integers(1, 5))):
        index = draw(st.integers(0, len(text)))
        if draw(st.booleans()):
            text.insert(index, draw(st.sampled_from("0aZ.,-'\"/:$%()[]{}<>#@&*_ \n½²°µ你🙂é€x–")))
        else:
            del text[index : index + 2]
    return "".join(text)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), LIVELY, SNIPPETS, misprints()))
def test_nothing_readable_is_lost_whatever_the_text(text: str) -> None:
    check_invariants(text)


@pytest.mark.parametrize("text", [text for table in READINGS.values() for text, _ in table])
def test_nothing_readable_of_the_table_is_lost(text: str) -> None:
    check_invariants(text)


@pytest.mark.parametrize(
    "unit",
    ["1", ".", "a", "a.", "1.", "1-", "1,", "1,111", ",111", "1/", "a1", "A", "A.", "$1", "<a ", "[", "](", "(", "'",
     "a@",      "www.", "http://a", "e\u0301", "🙂\u200d", "\ud800", "\n", "- a\n", "|", "½", "²", "#a", "hello "],
)  # fmt: skip
def test_reading_takes_time_in_proportion_to_the_text(unit: str) -> None:
    """A quadratic reading of this would take minutes; the suite's timeout is the judge."""
    length = 30_000
    spoken = normalise((unit * length)[:length])
    assert len(spoken.items) < 3 * length
