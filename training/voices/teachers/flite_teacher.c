/* flite_teacher VOICE FOLDER STRETCH: speaks lines "id|text" of the standard input with one of flite's voices, and
 * leaves FOLDER/id.wav and FOLDER/id.lab, a line "end_s phone stress ends_word" for each phone. */
#include <flite/flite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cst_voice *register_cmu_us_rms(const char *);
cst_voice *register_cmu_us_slt(const char *);
cst_voice *register_cmu_us_awb(const char *);
cst_voice *register_cmu_us_kal16(const char *);

static const struct {
    const char *name;
    cst_voice *(*open)(const char *);
} VOICES[] = {
    {"rms", register_cmu_us_rms},
    {"slt", register_cmu_us_slt},
    {"awb", register_cmu_us_awb},
    {"kal16", register_cmu_us_kal16},
};

static cst_voice *open_voice(const char *name)
{
    for (size_t i = 0; i < sizeof VOICES / sizeof *VOICES; i++)
        if (!strcmp(VOICES[i].name, name))
            return VOICES[i].open(NULL);
    return NULL;
}

static void write_phones(const cst_utterance *utterance, FILE *file)
{
    const cst_item *segment = relation_head(utt_relation(utterance, "Segment"));
    for (; segment; segment = item_next(segment)) {
        const char *stress = "0";
        int ends_word = 0;
        const cst_item *in_syllable = item_as(segment, "SylStructure");
        if (in_syllable && item_parent(in_syllable)) {
            const cst_item *syllable = item_parent(in_syllable);
            stress = get_param_string(item_feats(syllable), "stress", "0");
            ends_word = !item_next(in_syllable) && !item_next(syllable);
        }
        fprintf(file, "%.5f %s %s %d\n", item_feat_float(segment, "end"), item_name(segment), stress, ends_word);
    }
}

static int speak(cst_voice *voice, const char *folder, const char *id, const char *text)
{
    char path[4096];
    cst_utterance *utterance = flite_synth_text(text, voice);
    if (!utterance)
        return 0;
    snprintf(path, sizeof path, "%s/%s.wav", folder, id);
    cst_wave_save_riff(utt_wave(utterance), path);
    snprintf(path, sizeof path, "%s/%s.lab", folder, id);
    FILE *file = fopen(path, "w");
    if (!file)
        return 0;
    write_phones(utterance, file);
    delete_utterance(utterance);
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    static char line[65536];
    cst_voice *voice;
    if (argc != 4) {
        fprintf(stderr, "usage: flite_teacher VOICE FOLDER STRETCH < id|text lines\n");
        return 2;
    }
    flite_init();
    voice = open_voice(argv[1]);
    if (!voice) {
        fprintf(stderr, "no voice %s\n", argv[1]);
        return 2;
    }
    feat_set_float(voice->features, "duration_stretch", atof(argv[3]));
    while (fgets(line, sizeof line, stdin)) {
        char *text = strchr(line, '|');
        line[strcspn(line, "\n")] = 0;
        if (!text)
            continue;
        *text++ = 0;
        if (!speak(voice, argv[2], line, text))
            fprintf(stderr, "could not speak %s\n", line);
    }
    return 0;
}
