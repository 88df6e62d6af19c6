"""What is spoken: our own texts, as people send them to a voice."""

from __future__ import annotations

# Exactly 1,000 characters; a unit test counts.
THOUSAND = (
    "The ferry left the harbour a little after seven, when the fog had begun to lift from the water. "
    "Anna stood at the rail with a paper cup of coffee and watched the town grow small behind them. "
    "She had lived there for twelve years, taught at the school on the hill, and knew almost every door. "
    "Now all that she owned was packed into two suitcases and a wooden crate. "
    "Would anyone notice, she wondered, that the light in the corner house stayed dark? "
    "A gull kept pace with the ship for a while, then turned and drifted back to the shore. "
    "On the upper deck a boy was counting the islands aloud, and his grandfather corrected him patiently "
    "whenever he missed one. By noon the wind had risen, the sea was a deep and restless blue, "
    "and the captain announced that they would reach the mainland about forty minutes late. "
    "Nobody seemed to mind. People shared bread, oranges and stories, as they do when there is time. "
    "Anna finished her coffee, smiled, and opened her letter at last, slowly, and with great care."
)

# One to four sentences: answers of assistants, announcements, notices, prose. With figures and names.
MIXED = (
    "Sure, I can help you with that.",
    "Your table for four is booked for 7:30 this evening.",
    "Turn left at the next junction, then keep right. Your destination is on the left side, behind the bakery.",
    "The weather today: cloudy in the morning, with sunshine from noon on. Highs will reach 21 degrees.",
    "I found three flights to Lisbon on May 14th. The cheapest leaves at 6:10 AM and costs $189. "
    "Shall I book it for you?",
    "Please stand clear of the closing doors.",
    "Thank you for calling. All of our agents are busy at the moment. Your call is important to us, "
    "so please stay on the line, and we will be with you shortly.",
    "No, the library closes at six on Saturdays.",
    "Your parcel has left the depot in Bremen and should arrive on Thursday between 10 AM and noon.",
    "To reset the device, hold the power button for ten seconds. The light will blink twice. "
    "After that, open the app and follow the steps on the screen.",
    "Good morning! You have two meetings today, and the first one begins in half an hour.",
    "The old clock maker looked up from his bench. Outside, the first snow of the year was falling, "
    "quietly and without any hurry.",
    "Was that everything, or would you like something else?",
    "Water boils at a lower temperature in the mountains, because the air pressure is lower there.",
    "The committee approved the plan by nine votes to two. Work on the bridge will begin in October, "
    "and the road stays open for buses and bicycles.",
    "I'm sorry, I did not understand that. Could you say it again?",
    "Add two cups of flour, a pinch of salt and one egg. Stir until the dough is smooth, then let it rest "
    "for 20 minutes.",
    "Flight 482 to Toronto is now boarding at gate B12.",
    "She read the letter twice, folded it, and put it back into the drawer. Then she went for a long walk "
    "along the river. When she came home, she knew what she would do.",
    "Your account balance is $2,317.45.",
    "The museum holds more than 4,000 paintings. The tour begins in the great hall. Please leave your bags "
    "at the desk, and do not touch the frames. Photographs are welcome, without flash.",
    "Yes, that works for me.",
    "Remind me tomorrow at eight to water the plants.",
    "The match ended two all after extra time. It was decided by penalties, and the visitors went home "
    "with the cup.",
    "Light takes about eight minutes from the sun to the earth. From the nearest other star, it takes over "
    "four years. What we see of the night sky is therefore a picture of the past.",
    "Attention please. The train on platform 3 is delayed by about 15 minutes, owing to a signal failure.",
    "A good night's sleep helps the brain to sort what it has learned during the day.",
    "Hello, this is the practice of Dr. Miller. Your appointment on Tuesday, June 3rd, is confirmed. "
    "If you cannot come, please let us know one day before.",
    "How far is it from here to the station, and is there a bus?",
    "Once upon a time there was a fox who could not sleep. Every night he counted the stars, and every night "
    "he lost count somewhere above the barn. One evening an owl took pity on him. From then on they counted "
    "together.",
    "The meeting has been moved to room 214.",
    "We tested the new pump for six weeks without a single failure. It uses 18% less power than the old one, "
    "and it is much quieter.",
)

# Exactly 120 characters; a unit test counts.
NEWS = (
    "本市今天上午召开新闻发布会，介绍今年前三季度的经济运行情况。前三季度全市生产总值同比增长百分之五点三，其中服务业增长较快，"
    "对经济增长的贡献超过六成。发言人表示，下一步将继续扩大有效投资，促进消费稳步回升，推动企业加快绿色转型，让更多人受益。"
)

LOADS = {"mixed": MIXED, "news": (NEWS,)}
